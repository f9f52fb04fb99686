"""Records that come from the practice's own system, are of one person, or of one who died."""

from __future__ import annotations

from praxispost.identity.v1 import (
    access_pb2,
    access_pb2_grpc,
    imports_pb2,
    imports_pb2_grpc,
    patients_pb2,
    readers_pb2,
    readers_pb2_grpc,
)
from praxispost.messaging.v1 import messaging_pb2, work_pb2
from tests.story.callers import Caller
from tests.story.cast import (
    Contact,
    Practice,
    eventually,
    log_in,
    message_to,
    new_id,
    refusal_of,
    register,
    sending,
    sent,
    unique_email,
    unique_mobile,
)
from tests.story.steps import Play


def an_import_overwrites_nothing_that_was_verified(play: Play) -> str:
    """The practice's system knows an old address: a task, no more. Two records of one person become one."""
    practice = Practice.opened(play.stage, "Praxis an der Mühle")
    staff = practice.admin
    says = Contact("Inge", "Import", "1949-11-30", unique_email("inge"), unique_mobile())
    old = Contact(says.given_name, says.family_name, says.birth_date, unique_email("old"), says.mobile)
    assert _brought(staff, "4711", says) == imports_pb2.IMPORT_OUTCOME_CREATED
    [patient] = staff.patients.ListPatients(patients_pb2.ListPatientsRequest()).patients
    inge = register(play.stage, says)
    assert _brought(staff, "4711", old) == imports_pb2.IMPORT_OUTCOME_DIFFERS
    _has_task(staff, patient.id, work_pb2.WORK_KIND_IMPORT_DIFFERS)
    kept = staff.patients.GetPatient(patients_pb2.GetPatientRequest(patient_id=patient.id)).patient
    assert kept.data.email == says.email, kept
    assert _imports(staff).KeepContact(imports_pb2.KeepContactRequest(patient_id=patient.id)).closed
    assert _brought(staff, "0815", says) == imports_pb2.IMPORT_OUTCOME_CREATED
    [twin] = [
        each.id
        for each in staff.patients.ListPatients(patients_pb2.ListPatientsRequest()).patients
        if each.id != patient.id
    ]
    _merge(staff, twin, patient.id)
    sent(staff, message_to(patient.id, "Ihr Rezept", "Es liegt bereit."))
    [listed] = inge.messages.ListMailbox(messaging_pb2.ListMailboxRequest()).messages
    eventually(lambda: sending(staff, twin), "PATIENT_ARCHIVED".__eq__, "the archived record is written to")
    return f"differs: a task, kept; merged: PATIENT_ARCHIVED; she goes on reading „{listed.subject}“"


def a_couple_shares_an_address(play: Play) -> str:
    """Two adults with one address and a number each: asked, then each reads alone; one of them dies."""
    practice = Practice.opened(play.stage, "Gemeinschaftspraxis Nord")
    staff, email = practice.admin, unique_email("paar")
    one = Contact("Paula", "Paar", "1951-01-02", email, unique_mobile())
    other = Contact("Peter", "Paar", "1949-03-04", email, unique_mobile())
    ids = [practice.record(staff, one), practice.record(staff, other)]
    refusal = refusal_of(staff.messages.SendMessage, message_to(ids[1]))
    assert refusal.reason == "CONTACT_CONFLICT", refusal
    answer = readers_pb2.AnswerReaderQuestionRequest(
        request_id=new_id(), patient_id=ids[1], own_contact=readers_pb2.OwnContact()
    )
    assert not _readers(staff).AnswerReaderQuestion(answer).open
    for contact, patient_id in zip((one, other), ids, strict=True):
        register(play.stage, contact)
        sent(staff, message_to(patient_id, contact.given_name, "Nur für einen von beiden."))
        listed = log_in(play.stage, contact).messages.ListMailbox(messaging_pb2.ListMailboxRequest()).messages
        assert [each.subject for each in listed] == [contact.given_name], listed
    marking = access_pb2.MarkPatientRequest(
        patient_id=ids[1], mark=access_pb2.PATIENT_MARK_DECEASED, set=True
    )
    access_pb2_grpc.AccessServiceStub(staff.channel("identity")).MarkPatient(marking)
    eventually(lambda: sending(staff, ids[1]), "PATIENT_DECEASED".__eq__, "who died is written to")
    return f"{refusal.reason}; one address, two logins, two mailboxes; then PATIENT_DECEASED"


def _imports(staff: Caller) -> imports_pb2_grpc.ImportServiceStub:
    return imports_pb2_grpc.ImportServiceStub(staff.channel("identity"))


def _readers(staff: Caller) -> readers_pb2_grpc.ReaderServiceStub:
    return readers_pb2_grpc.ReaderServiceStub(staff.channel("identity"))


def _brought(staff: Caller, number: str, contact: Contact) -> imports_pb2.ImportOutcome.ValueType:
    """What becomes of a row of the practice's own system."""
    row = imports_pb2.ImportRow(external_id=number, data=contact.data)
    parts = iter([imports_pb2.ImportPatientsRequest(rows=[row])])
    [outcome] = _imports(staff).ImportPatients(parts).outcomes
    return outcome


def _merge(staff: Caller, twin: str, kept: str) -> None:
    """Both records are of one person; the newer one goes."""
    same = readers_pb2.SamePerson(other_patient_id=kept, archived_patient_id=twin)
    request = readers_pb2.AnswerReaderQuestionRequest(request_id=new_id(), patient_id=twin, same_person=same)
    _readers(staff).AnswerReaderQuestion(request)


def _has_task(staff: Caller, patient_id: str, kind: work_pb2.WorkKind.ValueType) -> None:
    """Waits until the practice's list of tasks has it."""
    eventually(
        lambda: staff.work.ListTasks(work_pb2.ListTasksRequest()).tasks,
        lambda seen: (kind, patient_id) in [(each.kind, each.patient_id) for each in seen],
        f"no task {work_pb2.WorkKind.Name(kind)}",
    )
