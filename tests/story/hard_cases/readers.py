"""Who reads: a child has its mother's contact data, so it is asked before the first message to the child."""

from __future__ import annotations

from praxispost.identity.v1 import readers_pb2, readers_pb2_grpc
from praxispost.messaging.v1 import messaging_pb2
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
    tick,
    unique_email,
    unique_mobile,
)
from tests.story.steps import Play


def it_is_asked_who_reads_for_the_child(play: Play) -> str:
    """A child has its mother's address and number: nothing is sent until staff say who reads; it ends."""
    practice = Practice.opened(play.stage, "Kinderarztpraxis am Bach")
    staff = practice.admin
    mother = Contact("Lena", "Lindner", "1988-02-03", unique_email("lena"), unique_mobile())
    child = Contact("Mia", "Lindner", "2019-04-05", mother.email, mother.mobile)
    mother_id = practice.record(staff, mother)
    register(play.stage, mother)
    child_id = practice.record(staff, child)
    refusal = refusal_of(staff.messages.SendMessage, message_to(child_id))
    assert refusal.reason == "CONTACT_CONFLICT", refusal
    staff.messages.SendMessage(message_to(mother_id, "Für Sie", "Das betrifft nur Sie."))
    _answer(staff, child_id, mother_id)
    message_id = sent(staff, message_to(child_id, "Mias Impfung", "Bitte kommen Sie am Montag."))
    reading = log_in(play.stage, mother)
    listed = reading.messages.ListMailbox(messaging_pb2.ListMailboxRequest()).messages
    assert {each.patient_id for each in listed} == {mother_id, child_id}, listed
    opening = messaging_pb2.OpenMessageRequest(practice_id=practice.id, message_id=message_id)
    opened = reading.messages.OpenMessage(opening).message
    assert opened.body == "Bitte kommen Sie am Montag.", opened
    seen = tick(staff, message_id, messaging_pb2.RECEIPT_STATE_READ)
    assert seen.read_by == messaging_pb2.READER_REPRESENTATIVE, seen
    _end(staff, child_id)
    again = log_in(play.stage, mother)
    refused = refusal_of(again.messages.OpenMessage, opening)
    assert refused.reason == "MESSAGE_NOT_FOUND", refused
    [left] = again.messages.ListMailbox(messaging_pb2.ListMailboxRequest()).messages
    assert left.patient_id == mother_id, left
    eventually(lambda: sending(staff, child_id), "CONTACT_CONFLICT".__eq__, "the child is written to")
    return (
        f"{refusal.reason}; then one login, two mailboxes; read by the representative; "
        f"ended: {refused.reason}, and asked again"
    )


def _end(staff: Caller, child_id: str) -> None:
    """The mother reads for the child no more, and it is asked again who does."""
    stub = readers_pb2_grpc.ReaderServiceStub(staff.channel("identity"))
    ending = readers_pb2.EndRepresentationRequest(request_id=new_id(), patient_id=child_id)
    assert stub.EndRepresentation(ending).open
    [question] = stub.ListReaderQuestions(readers_pb2.ListReaderQuestionsRequest()).questions
    ended = readers_pb2.QUESTION_CAUSE_REPRESENTATION_ENDED
    assert (question.patient_id, question.cause) == (child_id, ended), question


def _answer(staff: Caller, child_id: str, mother_id: str) -> None:
    """The mother reads for the child."""
    stub = readers_pb2_grpc.ReaderServiceStub(staff.channel("identity"))
    [question] = stub.ListReaderQuestions(readers_pb2.ListReaderQuestionsRequest()).questions
    assert (question.patient_id, list(question.shared_with)) == (child_id, [mother_id]), question
    said = readers_pb2.Represented(
        represented_patient_id=child_id,
        representative_id=mother_id,
        basis=readers_pb2.REPRESENTATION_BASIS_CUSTODY,
    )
    request = readers_pb2.AnswerReaderQuestionRequest(
        request_id=new_id(), patient_id=child_id, represented=said
    )
    assert not stub.AnswerReaderQuestion(request).open
