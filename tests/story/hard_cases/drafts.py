"""A draft that a colleague sends, and a message that went to the wrong patient and is taken back."""

from __future__ import annotations

from praxispost.identity.v1 import staff_pb2, step_up_pb2, step_up_pb2_grpc
from praxispost.messaging.v1 import drafts_pb2, messaging_pb2, withdrawals_pb2
from tests.story.callers import Caller
from tests.story.cast import (
    STAFF_PASSWORD,
    Contact,
    Practice,
    download,
    message_to,
    new_id,
    refusal_of,
    register,
    unique_email,
    unique_mobile,
    upload,
)
from tests.story.steps import PHOTO, Play


def a_draft_is_sent_and_taken_back(play: Play) -> str:
    """A colleague sends a draft with its document; it was misdirected, is withdrawn and erased."""
    practice = Practice.opened(play.stage, "Praxis am Fluss")
    physician = practice.invited(staff_pb2.STAFF_ROLE_PHYSICIAN, "Fritz", "Fluss")
    contact = Contact("Klara", "Kahn", "1981-04-05", unique_email("klara"), unique_mobile())
    patient_id = practice.record(practice.admin, contact)
    message_id = _written_by_two(practice, physician, patient_id)
    patient = register(play.stage, contact)
    opening = messaging_pb2.OpenMessageRequest(practice_id=practice.id, message_id=message_id)
    message = patient.messages.OpenMessage(opening).message
    [document] = message.attachments
    assert message.body == "Liebe Frau Kahn, Ihr Befund.", message
    download(patient, practice.id, document.id, document.grant)
    _withdraw(physician, message_id)
    refusal = refusal_of(download, patient, practice.id, document.id, document.grant)
    assert refusal.reason == "GRANT_REFUSED", refusal
    refusal = refusal_of(patient.messages.OpenMessage, opening)
    assert refusal.reason == "MESSAGE_WITHDRAWN", refusal
    [shown] = patient.messages.ListMailbox(messaging_pb2.ListMailboxRequest()).messages
    assert (shown.subject, shown.HasField("withdrawn_at")) == ("", True), shown
    before = message_to(patient_id, "Ihr Rezept", "Es liegt bereit.")
    before_id = practice.admin.messages.SendMessage(before).message_id
    _erase(practice.admin, physician, message_id)
    _nothing_else_is_lost(practice, patient, patient_id, before_id)
    return "sent once; its grant refused a moment after the withdrawal; the content gone, all the rest there"


def _written_by_two(practice: Practice, physician: Caller, patient_id: str) -> str:
    content = drafts_pb2.DraftContent(
        purpose=messaging_pb2.PURPOSE_FINDINGS,
        subject="Ihr Befund",
        body="Liebe",
        attachment_ids=[upload(practice.admin, practice.id, patient_id, PHOTO)],
    )
    begun = practice.admin.drafts.CreateDraft(
        drafts_pb2.CreateDraftRequest(request_id=new_id(), patient_id=patient_id, content=content)
    )
    content.body = "Liebe Frau Kahn, Ihr Befund."
    saving = drafts_pb2.SaveDraftRequest(
        request_id=new_id(), draft_id=begun.draft_id, version=begun.version, content=content
    )
    saved = physician.drafts.SaveDraft(saving)
    late = drafts_pb2.SendDraftRequest(request_id=new_id(), draft_id=begun.draft_id, version=begun.version)
    refusal = refusal_of(practice.admin.drafts.SendDraft, late)
    assert (refusal.reason, refusal.metadata) == ("DRAFT_CHANGED", {"version": "2"}), refusal
    sending = drafts_pb2.SendDraftRequest(request_id=new_id(), draft_id=begun.draft_id, version=saved.version)
    sent = physician.drafts.SendDraft(sending)
    assert sent == physician.drafts.SendDraft(sending), "the same request was not answered the same"
    return sent.message_id


def _withdraw(staff: Caller, message_id: str) -> None:
    staff.withdrawals.WithdrawMessage(
        withdrawals_pb2.WithdrawMessageRequest(
            message_id=message_id, withdrawal_reason=messaging_pb2.WITHDRAWAL_REASON_MISDIRECTED
        )
    )


def _nothing_else_is_lost(practice: Practice, patient: Caller, patient_id: str, before_id: str) -> None:
    """What was sent before the erasure, and what is sent after it, is read by the patient."""
    after = message_to(patient_id, "Ihr Termin", "Bis Montag.")
    after_id = practice.admin.messages.SendMessage(after).message_id
    for message_id, body in ((before_id, "Es liegt bereit."), (after_id, "Bis Montag.")):
        opening = messaging_pb2.OpenMessageRequest(practice_id=practice.id, message_id=message_id)
        assert patient.messages.OpenMessage(opening).message.body == body
    listed = patient.messages.ListMailbox(messaging_pb2.ListMailboxRequest()).messages
    subjects = [each.subject for each in listed]
    assert subjects == ["Ihr Termin", "Ihr Rezept", ""], subjects


def _erase(admin: Caller, physician: Caller, message_id: str) -> None:
    request = withdrawals_pb2.EraseContentRequest(message_id=message_id)
    refusal = refusal_of(physician.withdrawals.EraseContent, request)
    assert refusal.reason == "METHOD_NOT_ALLOWED", refusal
    refusal = refusal_of(admin.withdrawals.EraseContent, request)
    assert refusal.reason == "STEP_UP_REFUSED", refusal
    steps: step_up_pb2_grpc.StepUpServiceStub = step_up_pb2_grpc.StepUpServiceStub(admin.channel("identity"))
    stepping_up = step_up_pb2.StepUpRequest(
        password=STAFF_PASSWORD, purpose=step_up_pb2.STEP_UP_PURPOSE_ERASE_CONTENT, object_id=message_id
    )
    request.step_up = steps.StepUp(stepping_up).statement
    admin.withdrawals.EraseContent(request)
    opening = messaging_pb2.OpenMessageRequest(message_id=message_id)
    refusal = refusal_of(admin.messages.OpenMessage, opening)
    assert refusal.reason == "CONTENT_ERASED", refusal
    facts = admin.messages.GetReceipt(messaging_pb2.GetReceiptRequest(message_id=message_id)).facts
    kinds = [fact.kind for fact in facts]
    assert messaging_pb2.RECEIPT_FACT_KIND_OPENED in kinds, facts
    assert kinds[-2:] == [
        messaging_pb2.RECEIPT_FACT_KIND_WITHDRAWN,
        messaging_pb2.RECEIPT_FACT_KIND_ERASED,
    ], facts
