"""What each state of a receipt says, word for word."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from praxispost.messaging.v1.messaging_pb2 import (
    Direction,
    FailureReason,
    MessageSummary,
    Reader,
    Receipt,
    ReceiptState,
    ReceivedEvidence,
)
from services.portal.receipts import Tick, tick_of
from services.portal.words import Words

_WORDS = Words("de", ZoneInfo("Europe/Berlin"))
_NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_AT = Timestamp()
_AT.FromDatetime(datetime(2026, 11, 23, 7, 15, tzinfo=UTC))
_SHOWN_AT = "23.11.2026, 08:15"


def _tick(receipt: Receipt, *, attachments: int = 0, now: datetime = _NOW) -> Tick:
    message = MessageSummary(
        direction=Direction.DIRECTION_TO_PATIENT, receipt=receipt, attachment_count=attachments, sent_at=_AT
    )
    return tick_of(_WORDS, message, now)


def test_a_held_message_says_whom_it_waits_for() -> None:
    tick = _tick(Receipt(state=ReceiptState.RECEIPT_STATE_HELD))
    assert (tick.state, tick.note) == ("held", "angehalten")
    assert "zweite Person" in tick.lines[0]


def test_a_rejected_message_was_not_sent() -> None:
    tick = _tick(Receipt(state=ReceiptState.RECEIPT_STATE_REJECTED))
    assert (tick.state, tick.note) == ("rejected", "nicht gesendet")


def test_the_clock() -> None:
    tick = _tick(Receipt(state=ReceiptState.RECEIPT_STATE_QUEUED, queued_at=_AT))
    assert tick == Tick("queued", "gespeichert", "", (f"Gespeichert {_SHOWN_AT}. Hinweis wird versandt.",))


def test_one_grey_tick() -> None:
    tick = _tick(Receipt(state=ReceiptState.RECEIPT_STATE_SENT, queued_at=_AT))
    text = f"Im Postfach seit {_SHOWN_AT}. Hinweis versandt, Ankunft unbestätigt."
    assert tick == Tick("sent", "im Postfach", "", (text,))


@pytest.mark.parametrize(("hours", "note"), [(23, ""), (24, "unbestätigt"), (100, "unbestätigt")])
def test_one_grey_tick_that_stays_is_called_unconfirmed(hours: int, note: str) -> None:
    receipt = Receipt(state=ReceiptState.RECEIPT_STATE_SENT, queued_at=_AT, sent_at=_AT)
    receipt.unconfirmed_from.FromDatetime(_AT.ToDatetime(UTC) + timedelta(hours=24))
    assert _tick(receipt, now=_AT.ToDatetime(UTC) + timedelta(hours=hours)).note == note


@pytest.mark.parametrize("state", [ReceiptState.RECEIPT_STATE_QUEUED, ReceiptState.RECEIPT_STATE_SENT])
def test_a_delay_is_said(state: ReceiptState.ValueType) -> None:
    tick = _tick(Receipt(state=state, queued_at=_AT, delayed_at=_AT))
    assert tick.note == "verzögert"
    assert tick.lines[1] == (
        f"Verzögert: Ein Mailserver versucht noch, den Hinweis zuzustellen ({_SHOWN_AT})."
    )


def test_two_grey_ticks_since_the_mail_server_accepted_the_prompt() -> None:
    evidence = ReceivedEvidence.RECEIVED_EVIDENCE_MAIL_SERVER
    receipt = Receipt(state=ReceiptState.RECEIPT_STATE_RECEIVED, received_at=_AT, received_evidence=evidence)
    text = f"Mailserver nahm den Hinweis {_SHOWN_AT} an; vielleicht Spam-Ordner."
    assert _tick(receipt) == Tick("received", "angekommen", "", (text, "Nicht geöffnet."))


def test_two_grey_ticks_since_the_patient_was_shown_the_message() -> None:
    evidence = ReceivedEvidence.RECEIVED_EVIDENCE_SHOWN_IN_MAILBOX
    receipt = Receipt(state=ReceiptState.RECEIPT_STATE_RECEIVED, received_at=_AT, received_evidence=evidence)
    lines = (f"Im Postfach angezeigt {_SHOWN_AT}.", "Nicht geöffnet.")
    assert _tick(receipt) == Tick("received", "angekommen", "", lines)


@pytest.mark.parametrize(
    ("reader", "who"),
    [(Reader.READER_PATIENT, "Patient:in"), (Reader.READER_REPRESENTATIVE, "Vertretung")],
)
def test_two_green_ticks_say_who_opened_it(reader: Reader.ValueType, who: str) -> None:
    receipt = Receipt(state=ReceiptState.RECEIPT_STATE_READ, read_at=_AT, read_by=reader)
    assert _tick(receipt) == Tick("read", "geöffnet", "", (f"Geöffnet {_SHOWN_AT} von {who}.",))


@pytest.mark.parametrize(
    ("count", "opened", "text"),
    [
        (1, 0, "Anhang: noch nicht geöffnet."),
        (1, 1, "Anhang: geöffnet."),
        (3, 2, "Anhänge: 2 von 3 geöffnet."),
    ],
)
def test_two_green_ticks_say_what_became_of_the_attachments(count: int, opened: int, text: str) -> None:
    receipt = Receipt(
        state=ReceiptState.RECEIPT_STATE_READ,
        read_at=_AT,
        read_by=Reader.READER_PATIENT,
        attachments_opened=opened,
    )
    assert _tick(receipt, attachments=count).lines[1] == text


@pytest.mark.parametrize(
    ("reason", "lines"),
    [
        (
            FailureReason.FAILURE_REASON_ADDRESS_REFUSED,
            ("Adresse abgewiesen", "Anrufen, Adresse berichtigen; wir senden neu."),
        ),
        (
            FailureReason.FAILURE_REASON_EXPIRED,
            ("72 Stunden nicht zustellbar", "Anrufen oder erneut senden."),
        ),
        (
            FailureReason.FAILURE_REASON_OWN_FAULT,
            ("Fehler bei uns", "Störung gemeldet; Eiliges telefonisch."),
        ),
        (
            FailureReason.FAILURE_REASON_CONTACT_CONFLICT,
            ("Kontaktdaten mehrfach vergeben", "„Wer liest?“ festlegen."),
        ),
    ],
)
def test_the_red_mark_says_why_and_what_to_do(
    reason: FailureReason.ValueType, lines: tuple[str, str]
) -> None:
    tick = _tick(Receipt(state=ReceiptState.RECEIPT_STATE_FAILED, failure_reason=reason))
    assert tick.state == "failed"
    assert tick.note == "Hinweis nicht angekommen"
    assert tick.lines == (f"Hinweis nicht angekommen: {lines[0]}.", lines[1])


@pytest.mark.parametrize(
    ("receipt", "state", "text"),
    [
        (
            Receipt(state=ReceiptState.RECEIPT_STATE_SENT),
            "sent",
            f"In der Praxis eingegangen {_SHOWN_AT}. Noch nicht geöffnet.",
        ),
        (
            Receipt(state=ReceiptState.RECEIPT_STATE_READ, read_at=_AT),
            "read",
            f"In der Praxis geöffnet {_SHOWN_AT}.",
        ),
    ],
)
def test_an_answer_says_whether_the_practice_opened_it(receipt: Receipt, state: str, text: str) -> None:
    answer = MessageSummary(direction=Direction.DIRECTION_TO_PRACTICE, receipt=receipt, sent_at=_AT)
    tick = tick_of(_WORDS, answer, _NOW)
    assert (tick.state, tick.lines) == (state, (text,))


def test_every_state_has_its_picture_and_words_in_english_too() -> None:
    english = Words("en", ZoneInfo("Europe/Berlin"))
    for name, state in ReceiptState.items():
        message = MessageSummary(
            direction=Direction.DIRECTION_TO_PATIENT, receipt=Receipt(state=state, queued_at=_AT)
        )
        german, other = tick_of(_WORDS, message, _NOW), tick_of(english, message, _NOW)
        assert german.state == other.state, name
        assert german.label != other.label, name


def test_a_withdrawn_message_says_so_and_promises_no_prompt() -> None:
    for state, count in ((ReceiptState.RECEIPT_STATE_QUEUED, 1), (ReceiptState.RECEIPT_STATE_READ, 2)):
        receipt = Receipt(state=state, queued_at=_AT, read_at=_AT)
        message = MessageSummary(direction=Direction.DIRECTION_TO_PATIENT, receipt=receipt, withdrawn_at=_AT)
        tick = tick_of(_WORDS, message, _NOW)
        assert len(tick.lines) == count
        assert tick.lines[-1] == f"Zurückgezogen {_SHOWN_AT}."
