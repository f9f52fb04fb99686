"""What stands on paper of a message: everything that became of it, and no text that nobody opened."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from praxispost.identity.v1.staff_pb2 import StaffMember, StaffRole
from praxispost.messaging.v1.messaging_pb2 import (
    AuthorKind,
    Direction,
    FailureReason,
    Message,
    MessageSummary,
    Reader,
    Receipt,
    ReceiptState,
    ReceivedEvidence,
    WithdrawalReason,
)
from services.portal.practice.names import Colleagues
from services.portal.practice.printing.entries import Entry, entry_of, is_readable
from services.portal.words import Words

_WORDS = Words("de", ZoneInfo("Europe/Berlin"))
_MEMBER = StaffMember(id="1", given_name="Jonas", family_name="Weber", role=StaffRole.STAFF_ROLE_PHYSICIAN)


def _at(hour: int) -> Timestamp:
    moment = Timestamp()
    moment.FromDatetime(datetime(2026, 11, 23, hour, tzinfo=UTC))
    return moment


def _ours(receipt: Receipt, **fields: object) -> MessageSummary:
    return MessageSummary(
        direction=Direction.DIRECTION_TO_PATIENT,
        author_kind=AuthorKind.AUTHOR_KIND_STAFF_MEMBER,
        author_id="1",
        subject="Ihre Werte",
        sent_at=_at(8),
        receipt=receipt,
        # Each test gives fields of several types; protobuf refuses a wrong one when it runs.
        **fields,  # type: ignore[arg-type]
    )


def _answer(state: ReceiptState.ValueType) -> MessageSummary:
    return MessageSummary(
        direction=Direction.DIRECTION_TO_PRACTICE,
        author_kind=AuthorKind.AUTHOR_KIND_ACCOUNT,
        in_reply_to_subject="Ihre Werte",
        sent_at=_at(9),
        receipt=Receipt(state=state, read_at=_at(10))
        if state == ReceiptState.RECEIPT_STATE_READ
        else Receipt(state=state),
    )


def _printed(message: MessageSummary, text: Message | None = None) -> Entry:
    return entry_of(_WORDS, message, text, Colleagues({"1": _MEMBER}, _WORDS), "Erika Mustermann")


def test_a_message_tells_who_wrote_it_and_all_that_became_of_it() -> None:
    receipt = Receipt(
        state=ReceiptState.RECEIPT_STATE_READ,
        queued_at=_at(8),
        sent_at=_at(9),
        received_at=_at(10),
        received_evidence=ReceivedEvidence.RECEIVED_EVIDENCE_MAIL_SERVER,
        read_at=_at(11),
        read_by=Reader.READER_REPRESENTATIVE,
        attachments_opened=1,
    )
    entry = _printed(_ours(receipt, attachment_count=2), Message(body="Text"))
    assert (entry.author, entry.role, entry.text) == ("Jonas Weber", "Ärztin / Arzt", "Text")
    assert entry.facts == (
        "Im Postfach 23.11.2026, 09:00.",
        "Hinweis versandt 23.11.2026, 10:00.",
        "Vom Mailserver angenommen 23.11.2026, 11:00.",
        "Geöffnet 23.11.2026, 12:00 von Vertretung.",
        "Anhänge: 1 von 2 geöffnet.",
    )


def test_a_withdrawn_message_that_never_arrived_says_both() -> None:
    receipt = Receipt(
        state=ReceiptState.RECEIPT_STATE_FAILED,
        queued_at=_at(8),
        failed_at=_at(9),
        failure_reason=FailureReason.FAILURE_REASON_ADDRESS_REFUSED,
    )
    reason = WithdrawalReason.WITHDRAWAL_REASON_OUTDATED
    entry = _printed(_ours(receipt, withdrawn_at=_at(10), withdrawal_reason=reason))
    assert entry.facts[1:] == (
        "Hinweis nicht angekommen 23.11.2026, 10:00: Adresse abgewiesen.",
        "Noch nicht geöffnet.",
        "Zurückgezogen 23.11.2026, 11:00: Es gilt nicht mehr.",
    )


@pytest.mark.parametrize(
    ("message", "readable"),
    [
        (_ours(Receipt(state=ReceiptState.RECEIPT_STATE_SENT)), True),
        (_ours(Receipt(state=ReceiptState.RECEIPT_STATE_HELD)), True),
        (_ours(Receipt(state=ReceiptState.RECEIPT_STATE_READ), erased_at=_at(9)), False),
        (_answer(ReceiptState.RECEIPT_STATE_SENT), False),
        (_answer(ReceiptState.RECEIPT_STATE_READ), True),
    ],
)
def test_only_what_is_open_already_is_read_for_the_paper(message: MessageSummary, readable: bool) -> None:
    assert is_readable(message) is readable


def test_an_answer_that_nobody_opened_says_so_instead_of_its_text() -> None:
    entry = _printed(_answer(ReceiptState.RECEIPT_STATE_SENT))
    assert (entry.author, entry.role) == ("Erika Mustermann", "Patient:in oder Vertretung")
    assert entry.subject == "Antwort auf „Ihre Werte“"
    assert entry.text is None
    assert "noch niemand geöffnet" in entry.why_not
    assert entry.facts == ("In der Praxis eingegangen 23.11.2026, 10:00.",)
