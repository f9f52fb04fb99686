"""What practices and patients write to each other, and a mother who reads for her child; made by RPCs."""

from __future__ import annotations

import grpc

from praxispost.identity.v1 import accounts_pb2, readers_pb2, readers_pb2_grpc
from praxispost.messaging.v1 import messaging_pb2, withdrawals_pb2
from tests.browser.house import Patient
from tests.story.callers import Caller, Refused, refused
from tests.story.cast import Contact, Practice, eventually, individual_text, new_id


def child_of(practice: Practice, mother: Patient, given_name: str = "Mia") -> Patient:
    """A child with the mother's contact data, for whom she reads."""
    contact = Contact(
        given_name, mother.contact.family_name, "2019-04-05", mother.contact.email, mother.contact.mobile
    )
    child = Patient(practice.record(practice.admin, contact), contact)
    said = readers_pb2.Represented(
        represented_patient_id=child.id,
        representative_id=mother.id,
        basis=readers_pb2.REPRESENTATION_BASIS_CUSTODY,
    )
    request = readers_pb2.AnswerReaderQuestionRequest(
        request_id=new_id(), patient_id=child.id, represented=said
    )
    stub = readers_pb2_grpc.ReaderServiceStub(practice.admin.channel("identity"))
    assert not stub.AnswerReaderQuestion(request).open
    return child


def also_patient_of(practice: Practice, patient: Patient, account: Caller) -> Patient:
    """The same person's record in another practice, which the account accepts."""
    record = Patient(practice.record(practice.admin, patient.contact), patient.contact)
    request = accounts_pb2.AcceptBindingOfferRequest(
        practice_id=practice.id, birth_date=patient.contact.birth_date
    )
    account.accounts.AcceptBindingOffer(request)
    return record


def sent(
    sender: Caller,
    patient: Patient,
    subject: str = "Ihre Befunde",
    body: str = "",
    *,
    reply_allowed: bool = True,
) -> messaging_pb2.SendMessageResponse:
    """A message of the practice, sent as soon as messaging has heard that the patient can be reached."""
    request = messaging_pb2.SendMessageRequest(
        request_id=new_id(),
        patient_id=patient.id,
        purpose=messaging_pb2.PURPOSE_FINDINGS,
        subject=subject,
        body=body or individual_text(),
        reply_allowed=reply_allowed,
    )

    def attempt() -> messaging_pb2.SendMessageResponse | Refused:
        try:
            return sender.messages.SendMessage(request)
        except grpc.RpcError as error:
            return refused(error)

    answer = eventually(
        attempt, lambda seen: isinstance(seen, messaging_pb2.SendMessageResponse), "still refused"
    )
    assert isinstance(answer, messaging_pb2.SendMessageResponse)
    return answer


def answered(patient: Caller, practice: Practice, message_id: str, body: str = "Danke, ich komme.") -> str:
    """An answer of the patient's side; returns its id."""
    request = messaging_pb2.SendReplyRequest(
        request_id=new_id(), practice_id=practice.id, in_reply_to=message_id, body=body
    )
    return patient.messages.SendReply(request).message_id


def opened(patient: Caller, practice: Practice, message_id: str) -> messaging_pb2.Message:
    """The message, read on the patient's side."""
    request = messaging_pb2.OpenMessageRequest(practice_id=practice.id, message_id=message_id)
    return patient.messages.OpenMessage(request).message


def withdrawn(sender: Caller, message_id: str) -> None:
    """The practice takes the message back."""
    sender.withdrawals.WithdrawMessage(
        withdrawals_pb2.WithdrawMessageRequest(
            message_id=message_id, withdrawal_reason=messaging_pb2.WITHDRAWAL_REASON_WRONG_CONTENT
        )
    )


def closed(sender: Caller, message_id: str) -> None:
    """The practice takes no more answers to the message."""
    sender.withdrawals.CloseForReplies(withdrawals_pb2.CloseForRepliesRequest(message_id=message_id))
