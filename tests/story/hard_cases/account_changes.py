"""What a person changes of the own account: an objection, the address, a forgotten password, the end."""

from __future__ import annotations

import dataclasses

from praxispost.identity.v1 import (
    account_changes_pb2,
    account_changes_pb2_grpc,
    password_reset_pb2,
    password_reset_pb2_grpc,
    patients_pb2,
    sessions_pb2,
)
from praxispost.messaging.v1 import messaging_pb2
from tests.story.callers import Caller, person
from tests.story.cast import (
    PERSON_PASSWORD,
    Contact,
    Practice,
    Stage,
    eventually,
    register,
    sending,
    unique_email,
    unique_mobile,
)
from tests.story.steps import Play

NEW_PASSWORD = "Holunder am Zaun 9"


def a_person_changes_the_own_account(play: Play) -> str:
    """A person objects and thinks again, moves to another address, forgets the password, and leaves."""
    stage = play.stage
    practice = Practice.opened(stage, "Praxis im Wandel")
    staff = practice.admin
    contact = Contact("Rosa", "Wandel", "1975-08-09", unique_email("rosa"), unique_mobile())
    patient_id = practice.record(staff, contact)
    reader = register(stage, contact)
    changes = account_changes_pb2_grpc.AccountChangeServiceStub(reader.channel("identity"))
    _object(staff, changes, practice.id, patient_id)
    moved = _move(stage, staff, changes, contact, patient_id)
    reader = _with_new_password(stage, moved)
    listed = reader.messages.ListMailbox(messaging_pb2.ListMailboxRequest()).messages
    assert {each.patient_id for each in listed} == {patient_id}, listed
    changes = account_changes_pb2_grpc.AccountChangeServiceStub(reader.channel("identity"))
    changes.DeleteAccount(account_changes_pb2.DeleteAccountRequest(password=NEW_PASSWORD))
    assert not _record(staff, patient_id).contact.bound
    return "PATIENT_OBJECTED while so; record follows the new address; both proofs; record stays, unbound"


def _object(
    staff: Caller,
    changes: account_changes_pb2_grpc.AccountChangeServiceStub,
    practice_id: str,
    patient_id: str,
) -> None:
    """No messages, and messages again: the practice's sending follows."""
    request = account_changes_pb2.ObjectToMessagesRequest(
        practice_id=practice_id, patient_id=patient_id, objected=True
    )
    changes.ObjectToMessages(request)
    assert _record(staff, patient_id).contact.objected

    eventually(lambda: sending(staff, patient_id), "PATIENT_OBJECTED".__eq__, "still sent")
    request.objected = False
    changes.ObjectToMessages(request)
    eventually(lambda: sending(staff, patient_id), "sent".__eq__, "still refused")


def _move(
    stage: Stage,
    staff: Caller,
    changes: account_changes_pb2_grpc.AccountChangeServiceStub,
    contact: Contact,
    patient_id: str,
) -> Contact:
    """Another address: proven there, told at the old one; the record follows."""
    moved = dataclasses.replace(contact, email=unique_email("rosa.neu"))
    changes.StartContactChange(
        account_changes_pb2.StartContactChangeRequest(password=PERSON_PASSWORD, email=moved.email)
    )
    code = stage.post.mailed_code(moved.email)
    changes.ConfirmContactChange(account_changes_pb2.ConfirmContactChangeRequest(code=code))
    record = _record(staff, patient_id)
    assert record.contact.bound, record
    assert (record.data.email, record.data.mobile) == (moved.email, moved.mobile), record
    eventually(
        lambda: [mail.subject for mail in stage.post.all_mails(contact.email)],
        lambda subjects: "Ihre E-Mail-Adresse wurde geändert" in subjects,
        "the old address was not told",
    )
    return moved


def _with_new_password(stage: Stage, contact: Contact) -> Caller:
    """Both proofs again; then a login with the new password."""
    stub = password_reset_pb2_grpc.PasswordResetServiceStub(stage.portal.channel("identity"))
    started = stub.StartPasswordReset(
        password_reset_pb2.StartPasswordResetRequest(
            email=contact.email, mobile=contact.mobile, password=NEW_PASSWORD
        )
    )
    by_email = stage.post.mailed_code(contact.email)
    stub.VerifyResetEmail(password_reset_pb2.VerifyResetEmailRequest(reset=started.reset, code=by_email))
    by_sms = stage.post.texted_code(contact.mobile)
    stub.CompletePasswordReset(
        password_reset_pb2.CompletePasswordResetRequest(reset=started.reset, code=by_sms)
    )
    login = stage.portal.sessions.StartLogin(
        sessions_pb2.StartLoginRequest(email=contact.email, password=NEW_PASSWORD)
    )
    finished = stage.portal.sessions.FinishLogin(
        sessions_pb2.FinishLoginRequest(login=login.login, code=stage.post.texted_code(contact.mobile))
    )
    return person(stage.targets, stage.portal, finished.session)


def _record(staff: Caller, patient_id: str) -> patients_pb2.Patient:
    return staff.patients.GetPatient(patients_pb2.GetPatientRequest(patient_id=patient_id)).patient
