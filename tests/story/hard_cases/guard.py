"""The guard: one text for many waits for a second person; and unread messages follow a corrected address."""

from __future__ import annotations

from praxispost.identity.v1 import patients_pb2, staff_pb2, step_up_pb2, step_up_pb2_grpc
from praxispost.messaging.v1 import guard_pb2, guard_pb2_grpc, messaging_pb2
from tests.story.callers import Caller
from tests.story.cast import (
    STAFF_PASSWORD,
    Contact,
    Practice,
    message_to,
    new_id,
    receipt,
    refusal_of,
    register,
    tick,
    unique_email,
    unique_mobile,
)
from tests.story.steps import Play

TEXT = "Jetzt ist die beste Zeit für die Grippeimpfung."
MANY = 10


def one_text_for_many_waits(play: Play) -> str:
    """The admin sends one text to ten patients: the tenth waits until the physician has confirmed it."""
    practice = Practice.opened(play.stage, "Praxis am Wall")
    physician = practice.invited(staff_pb2.STAFF_ROLE_PHYSICIAN, "Pia", "Prüfer")
    last = _somebody()
    held = _sent_to_many(practice, last)
    patient = register(play.stage, last)
    assert not patient.messages.ListMailbox(messaging_pb2.ListMailboxRequest()).messages
    refusal = refusal_of(_guard(practice.admin).ConfirmHeld, _confirmation(held))
    assert refusal.reason == "SECOND_PERSON_NEEDED", refusal
    confirmed = _guard(physician).ConfirmHeld(_confirmation(held))
    assert list(confirmed.message_ids) == [held], confirmed
    play.stage.post.prompt(last.email)
    tick(physician, held, messaging_pb2.RECEIPT_STATE_SENT)
    [shown] = patient.messages.ListMailbox(messaging_pb2.ListMailboxRequest()).messages
    assert shown.id == held, shown
    _rejected(practice.admin, shown.patient_id)
    assert patient.messages.ListMailbox(messaging_pb2.ListMailboxRequest()).messages == [shown]
    return (
        f"{MANY - 1} sent, one held; {refusal.reason}; confirmed by a colleague, prompted and shown; "
        "another held and rejected by its author, never shown"
    )


def who_works_alone_steps_up(play: Play) -> str:
    """In a practice of one, the password once more and a reason take the second person's place."""
    practice = Practice.opened(play.stage, "Praxis Solo")
    held = _sent_to_many(practice, _somebody())
    steps: step_up_pb2_grpc.StepUpServiceStub = step_up_pb2_grpc.StepUpServiceStub(
        practice.admin.channel("identity")
    )
    refusal = refusal_of(steps.StepUp, _step_up(held, "Kastanien am Teich 4"))
    assert refusal.reason == "STEP_UP_REFUSED", refusal
    proof = steps.StepUp(_step_up(held, STAFF_PASSWORD))
    assert proof.alone, proof
    confirmation = _confirmation(held, step_up=proof.statement, reason="Impfaktion im Herbst")
    _guard(practice.admin).ConfirmHeld(confirmation)
    known = practice.admin.messages.GetReceipt(messaging_pb2.GetReceiptRequest(message_id=held))
    assert known.hold_decision.reason == "Impfaktion im Herbst", known
    return "wrong password refused; released with a reason that is on record"


def unread_messages_follow_the_address(play: Play) -> str:
    """Staff correct a wrong address: the unread message is prompted there, and again when staff ask."""
    practice = Practice.opened(play.stage, "Praxis am Kanal")
    staff = practice.admin
    wrong, right = _somebody(), unique_email("richtig")
    patient_id = practice.record(staff, wrong)
    sent = staff.messages.SendMessage(message_to(patient_id))
    play.stage.post.prompt(wrong.email)
    tick(staff, sent.message_id, messaging_pb2.RECEIPT_STATE_SENT)
    correction = patients_pb2.UpdatePatientRequest(
        patient_id=patient_id, data=patients_pb2.PatientData(email=right)
    )
    correction.update_mask.paths.append("email")
    staff.patients.UpdatePatient(correction)
    play.stage.post.prompt(right)
    asking = guard_pb2.PromptAgainRequest(request_id=new_id(), message_id=sent.message_id)
    _guard(staff).PromptAgain(asking)
    play.stage.post.prompt(right)
    tick(staff, sent.message_id, messaging_pb2.RECEIPT_STATE_SENT)
    assert len(play.stage.post.all_mails(wrong.email)) == 1
    return "one prompt to the wrong address, two to the right one"


def _somebody() -> Contact:
    return Contact("Gerda", "Beispiel", "1949-05-06", unique_email("gerda"), unique_mobile())


def _sent_to_many(practice: Practice, last: Contact) -> str:
    """The admin sends the text to many patients; the id of the message to the last one, which is held."""
    staff = practice.admin
    patients = [practice.record(staff, each) for each in (*(_somebody() for _ in range(MANY - 1)), last)]
    sent = [staff.messages.SendMessage(message_to(each, body=TEXT)) for each in patients]
    assert [each.held for each in sent] == [False] * (MANY - 1) + [True], sent
    held: str = sent[-1].message_id
    assert receipt(staff, held).state == messaging_pb2.RECEIPT_STATE_HELD
    return held


def _rejected(author: Caller, patient_id: str) -> None:
    """With another subject the text is held again; its author thinks better of it."""
    another = message_to(patient_id, "Noch einmal", TEXT)
    sent = author.messages.SendMessage(another)
    assert sent.held, sent
    rejecting = guard_pb2.RejectHeldRequest(
        request_id=new_id(), message_id=sent.message_id, reason="Doppelt geschrieben"
    )
    _guard(author).RejectHeld(rejecting)
    known = author.messages.GetReceipt(messaging_pb2.GetReceiptRequest(message_id=sent.message_id))
    assert known.receipt.state == messaging_pb2.RECEIPT_STATE_REJECTED, known
    decided = known.hold_decision
    assert (decided.confirmed, decided.reason) == (False, "Doppelt geschrieben"), known
    assert not _guard(author).ListHeld(guard_pb2.ListHeldRequest()).messages


def _guard(staff: Caller) -> guard_pb2_grpc.GuardServiceStub:
    return guard_pb2_grpc.GuardServiceStub(staff.channel("messaging"))


def _step_up(message_id: str, password: str) -> step_up_pb2.StepUpRequest:
    return step_up_pb2.StepUpRequest(
        password=password, purpose=step_up_pb2.STEP_UP_PURPOSE_RELEASE_HELD, object_id=message_id
    )


def _confirmation(message_id: str, step_up: str = "", reason: str = "") -> guard_pb2.ConfirmHeldRequest:
    return guard_pb2.ConfirmHeldRequest(
        request_id=new_id(), message_id=message_id, step_up=step_up, reason=reason
    )
