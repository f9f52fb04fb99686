"""The receipt of a message as people see it: a picture, a word, and the times and the evidence behind it
(SEMANTICS.md, TEXTS.md)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

from praxispost.messaging.v1.messaging_pb2 import (
    Direction,
    FailureReason,
    MessageSummary,
    Reader,
    Receipt,
    ReceiptState,
    ReceivedEvidence,
)
from services.portal.words import Words, mark

State: TypeAlias = Literal["held", "rejected", "queued", "sent", "received", "read", "failed"]

_FAILED: Final[Mapping[FailureReason.ValueType, tuple[str, str]]] = {
    FailureReason.FAILURE_REASON_ADDRESS_REFUSED: (
        mark("Adresse abgewiesen"),
        mark("Anrufen, Adresse berichtigen; wir senden neu."),
    ),
    FailureReason.FAILURE_REASON_EXPIRED: (
        mark("72 Stunden nicht zustellbar"),
        mark("Anrufen oder erneut senden."),
    ),
    FailureReason.FAILURE_REASON_OWN_FAULT: (
        mark("Fehler bei uns"),
        mark("Störung gemeldet; Eiliges telefonisch."),
    ),
    FailureReason.FAILURE_REASON_CONTACT_CONFLICT: (
        mark("Kontaktdaten mehrfach vergeben"),
        mark("„Wer liest?“ festlegen."),
    ),
}


@dataclass(frozen=True, slots=True)
class Tick:
    """`state` chooses picture and colour, `label` names it for who does not see the picture, `note` stands
    beside the picture where that alone would say too little, `lines` are times and evidence."""

    state: State
    label: str
    note: str
    lines: tuple[str, ...]


def tick_of(words: Words, message: MessageSummary, now: datetime) -> Tick:
    """What a message's receipt says at this moment, of either side's messages."""
    if message.direction == Direction.DIRECTION_TO_PRACTICE:
        return _of_answer(words, message)
    tick = _of_message(words, message, now)
    if not message.HasField("withdrawn_at"):
        return tick
    kept = tick.lines if tick.state != "queued" else ()
    at = words.moment(message.withdrawn_at)
    return replace(tick, lines=(*kept, words.say("Zurückgezogen %(time)s.", time=at)))


def _of_message(words: Words, message: MessageSummary, now: datetime) -> Tick:
    receipt = message.receipt
    match receipt.state:
        case ReceiptState.RECEIPT_STATE_HELD:
            return _held(words)
        case ReceiptState.RECEIPT_STATE_REJECTED:
            return _rejected(words)
        case ReceiptState.RECEIPT_STATE_SENT:
            return _sent(words, receipt, now)
        case ReceiptState.RECEIPT_STATE_RECEIVED:
            return _received(words, receipt)
        case ReceiptState.RECEIPT_STATE_READ:
            return _read(words, message)
        case ReceiptState.RECEIPT_STATE_FAILED:
            return _failed(words, receipt)
        case _:
            return _queued(words, receipt)


def _of_answer(words: Words, message: MessageSummary) -> Tick:
    receipt = message.receipt
    if receipt.state == ReceiptState.RECEIPT_STATE_READ:
        text = words.say("In der Praxis geöffnet %(time)s.", time=words.moment(receipt.read_at))
        return Tick("read", words.say("in der Praxis geöffnet"), "", (text,))
    since = words.moment(message.sent_at)
    text = words.say("In der Praxis eingegangen %(time)s. Noch nicht geöffnet.", time=since)
    return Tick("sent", words.say("in der Praxis eingegangen"), "", (text,))


def _held(words: Words) -> Tick:
    label = words.say("angehalten")
    text = words.say(
        "Der Text ging an viele. Eine zweite Person muss ihn freigeben, vorher wird er nicht gesendet."
    )
    return Tick("held", label, label, (text,))


def _rejected(words: Words) -> Tick:
    label = words.say("nicht gesendet")
    text = words.say(
        "Die Nachricht war angehalten und wurde nicht freigegeben. Die Patient:in sieht sie nicht."
    )
    return Tick("rejected", label, label, (text,))


def _queued(words: Words, receipt: Receipt) -> Tick:
    text = words.say("Gespeichert %(time)s. Hinweis wird versandt.", time=words.moment(receipt.queued_at))
    return Tick("queued", words.say("gespeichert"), *_late(words, receipt, text))


def _sent(words: Words, receipt: Receipt, now: datetime) -> Tick:
    text = words.say(
        "Im Postfach seit %(time)s. Hinweis versandt, Ankunft unbestätigt.",
        time=words.moment(receipt.queued_at),
    )
    note, lines = _late(words, receipt, text)
    is_old = receipt.HasField("unconfirmed_from") and receipt.unconfirmed_from.ToDatetime(UTC) <= now
    return Tick("sent", words.say("im Postfach"), note or (words.say("unbestätigt") if is_old else ""), lines)


def _late(words: Words, receipt: Receipt, text: str) -> tuple[str, tuple[str, ...]]:
    """The note and the lines, with what a mail server said of a delay."""
    if not receipt.HasField("delayed_at"):
        return "", (text,)
    late = words.say(
        "Verzögert: Ein Mailserver versucht noch, den Hinweis zuzustellen (%(time)s).",
        time=words.moment(receipt.delayed_at),
    )
    return words.say("verzögert"), (text, late)


def _received(words: Words, receipt: Receipt) -> Tick:
    at = words.moment(receipt.received_at)
    if receipt.received_evidence == ReceivedEvidence.RECEIVED_EVIDENCE_SHOWN_IN_MAILBOX:
        text = words.say("Im Postfach angezeigt %(time)s.", time=at)
    else:
        text = words.say("Mailserver nahm den Hinweis %(time)s an; vielleicht Spam-Ordner.", time=at)
    return Tick("received", words.say("angekommen"), "", (text, words.say("Nicht geöffnet.")))


def _read(words: Words, message: MessageSummary) -> Tick:
    receipt = message.receipt
    is_other = receipt.read_by == Reader.READER_REPRESENTATIVE
    who = words.say("Vertretung") if is_other else words.say("Patient:in")
    text = words.say("Geöffnet %(time)s von %(who)s.", time=words.moment(receipt.read_at), who=who)
    lines = (text, f"{attachments_opened(words, message)}.") if message.attachment_count else (text,)
    return Tick("read", words.say("geöffnet"), "", lines)


def attachments_opened(words: Words, message: MessageSummary) -> str:
    """Which of a message's attachments the patient's side has opened."""
    opened, count = message.receipt.attachments_opened, message.attachment_count
    if count > 1:
        return words.say("Anhänge: %(opened)s von %(count)s geöffnet", opened=opened, count=count)
    return words.say("Anhang: geöffnet") if opened else words.say("Anhang: noch nicht geöffnet")


def _failed(words: Words, receipt: Receipt) -> Tick:
    reason, step = failure(words, receipt.failure_reason)
    label = words.say("Hinweis nicht angekommen")
    text = words.say("Hinweis nicht angekommen: %(reason)s.", reason=reason)
    return Tick("failed", label, label, (text, step))


def failure(words: Words, reason: FailureReason.ValueType) -> tuple[str, str]:
    """Why no prompt reached the patient, and what to do."""
    why, step = _FAILED.get(reason, _FAILED[FailureReason.FAILURE_REASON_OWN_FAULT])
    return words.say(why), words.say(step)
