"""What a message of a conversation says beside its text, and its history."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from praxispost.messaging.v1.messaging_pb2 import (
    AuthorKind,
    Direction,
    FailureReason,
    MessageSummary,
    Reader,
    Receipt,
    ReceiptFact,
    ReceiptFactKind,
    ReceiptState,
    WithdrawalReason,
)
from services.portal.practice.conversation.bubbles import Bubble, bubble_of
from services.portal.practice.names import Colleagues
from services.portal.receipt_history import history
from services.portal.words import Words

_WORDS = Words("de", ZoneInfo("Europe/Berlin"))
_NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_AT = Timestamp()
_AT.FromDatetime(datetime(2026, 11, 23, 7, 15, tzinfo=UTC))
_SHOWN_AT = "23.11.2026, 08:15"


def _bubble(message: MessageSummary) -> Bubble:
    return bubble_of(_WORDS, _NOW, message, None, Colleagues({}, _WORDS))


def _ours(state: ReceiptState.ValueType = ReceiptState.RECEIPT_STATE_SENT) -> MessageSummary:
    return MessageSummary(
        direction=Direction.DIRECTION_TO_PATIENT, subject="Befund", receipt=Receipt(state=state), sent_at=_AT
    )


def _days(count: int) -> datetime:
    return _NOW + timedelta(days=count)


def test_a_message_says_until_when_it_can_be_answered() -> None:
    message = _ours()
    message.reply_allowed = True
    message.reply_until.FromDatetime(_days(30))
    assert _bubble(message).remarks == ["darf antworten bis 23.12.2026"]
    message.reply_until.FromDatetime(_days(-1))
    assert _bubble(message).remarks == ["Antworten war möglich bis 22.11.2026"]
    message.replies_closed_at.CopyFrom(_AT)
    assert _bubble(message).remarks == [f"für Antworten geschlossen {_SHOWN_AT}"]


def test_a_message_says_by_when_it_is_to_be_read_until_it_was() -> None:
    message = _ours()
    message.read_by.CopyFrom(_AT)
    assert _bubble(message).remarks == [f"gelesen bis {_SHOWN_AT}"]
    message.receipt.state = ReceiptState.RECEIPT_STATE_READ
    assert _bubble(message).remarks == []


def test_what_became_of_attachments_is_said_once_the_message_was_read() -> None:
    message = _ours()
    message.attachment_count = 1
    assert _bubble(message).remarks == []
    message.receipt.state = ReceiptState.RECEIPT_STATE_READ
    assert _bubble(message).remarks == ["Anhang: noch nicht geöffnet"]


@pytest.mark.parametrize("state", [ReceiptState.RECEIPT_STATE_HELD, ReceiptState.RECEIPT_STATE_REJECTED])
def test_what_was_not_sent_promises_no_answer(state: ReceiptState.ValueType) -> None:
    message = _ours(state)
    message.reply_allowed = True
    message.reply_until.FromDatetime(_days(30))
    assert _bubble(message).remarks == ()


def test_a_failed_prompt_says_why_and_what_to_do_until_the_message_is_withdrawn() -> None:
    message = _ours(ReceiptState.RECEIPT_STATE_FAILED)
    message.receipt.failure_reason = FailureReason.FAILURE_REASON_EXPIRED
    assert _bubble(message).failed == "72 Stunden nicht zustellbar. Anrufen oder erneut senden."
    message.withdrawn_at.CopyFrom(_AT)
    message.withdrawal_reason = WithdrawalReason.WITHDRAWAL_REASON_OUTDATED
    assert _bubble(message).failed == ""
    assert _bubble(message).withdrawn == f"Zurückgezogen {_SHOWN_AT}: Es gilt nicht mehr."


def test_erased_content_cannot_be_opened_and_has_no_subject() -> None:
    message = _ours()
    message.erased_at.CopyFrom(_AT)
    bubble = _bubble(message)
    assert (bubble.can_open, bubble.subject) == (False, "")
    assert bubble.erased == f"Der Inhalt wurde gelöscht: {_SHOWN_AT}."


@pytest.mark.parametrize(
    ("state", "is_new"), [(ReceiptState.RECEIPT_STATE_SENT, True), (ReceiptState.RECEIPT_STATE_READ, False)]
)
def test_an_answer_is_new_until_somebody_of_the_practice_opened_it(
    state: ReceiptState.ValueType, is_new: bool
) -> None:
    answer = MessageSummary(
        direction=Direction.DIRECTION_TO_PRACTICE, receipt=Receipt(state=state), sent_at=_AT
    )
    assert _bubble(answer).is_new is is_new
    assert not _bubble(_ours(state)).is_new


def test_programs_and_people_who_left_are_named() -> None:
    message = _ours()
    message.author_kind = AuthorKind.AUTHOR_KIND_SERVICE_ACCOUNT
    assert _bubble(message).author == "Praxisprogramm"
    message.author_kind = AuthorKind.AUTHOR_KIND_STAFF_MEMBER
    assert _bubble(message).author == "jemand, der nicht mehr hier ist"


def test_every_fact_has_its_sentence() -> None:
    kinds = [value for name, value in ReceiptFactKind.items() if not name.endswith("UNSPECIFIED")]
    told = history(_WORDS, [ReceiptFact(kind=kind, at=_AT) for kind in kinds])
    assert len(told) == len(kinds)
    assert len({event.text for event in told}) == len(kinds)


def test_the_history_says_who_opened_and_why_a_prompt_failed() -> None:
    facts = [
        ReceiptFact(kind=ReceiptFactKind.RECEIPT_FACT_KIND_OPENED, reader=Reader.READER_REPRESENTATIVE),
        ReceiptFact(
            kind=ReceiptFactKind.RECEIPT_FACT_KIND_PROMPT_FAILED,
            failure_reason=FailureReason.FAILURE_REASON_ADDRESS_REFUSED,
        ),
    ]
    assert [event.text for event in history(_WORDS, facts)] == [
        "Geöffnet von Vertretung",
        "Hinweis nicht angekommen: Adresse abgewiesen",
    ]


def test_a_fact_of_a_newer_version_is_left_out() -> None:
    assert history(_WORDS, [ReceiptFact(kind=ReceiptFactKind.RECEIPT_FACT_KIND_UNSPECIFIED)]) == []
