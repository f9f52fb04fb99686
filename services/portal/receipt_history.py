"""What happened to a message, one sentence for each fact."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from praxispost.messaging.v1.messaging_pb2 import Reader, ReceiptFact, ReceiptFactKind
from services.portal.receipts import failure
from services.portal.words import Words, mark

_TEXTS: Final[Mapping[ReceiptFactKind.ValueType, str]] = {
    ReceiptFactKind.RECEIPT_FACT_KIND_QUEUED: mark("Gespeichert"),
    ReceiptFactKind.RECEIPT_FACT_KIND_PROMPT_ACCEPTED: mark("Hinweis-E-Mail versandt"),
    ReceiptFactKind.RECEIPT_FACT_KIND_PROMPT_DELIVERED: mark("Mailserver nahm den Hinweis an"),
    ReceiptFactKind.RECEIPT_FACT_KIND_PROMPT_DELAYED: mark(
        "Hinweis verzögert, Zustellung wird weiter versucht"
    ),
    ReceiptFactKind.RECEIPT_FACT_KIND_SHOWN: mark("Im Postfach angezeigt"),
    ReceiptFactKind.RECEIPT_FACT_KIND_ATTACHMENT_OPENED: mark("Anhang geöffnet"),
    ReceiptFactKind.RECEIPT_FACT_KIND_HELD: mark("Gespeichert und angehalten"),
    ReceiptFactKind.RECEIPT_FACT_KIND_REJECTED: mark("Nicht freigegeben"),
    ReceiptFactKind.RECEIPT_FACT_KIND_WITHDRAWN: mark("Zurückgezogen"),
    ReceiptFactKind.RECEIPT_FACT_KIND_REPLIES_CLOSED: mark("Für Antworten geschlossen"),
    ReceiptFactKind.RECEIPT_FACT_KIND_ERASED: mark("Inhalt gelöscht"),
}
_OPENED: Final[Mapping[Reader.ValueType, str]] = {
    Reader.READER_PATIENT: mark("Geöffnet von Patient:in"),
    Reader.READER_REPRESENTATIVE: mark("Geöffnet von Vertretung"),
    Reader.READER_PRACTICE: mark("In der Praxis geöffnet"),
}


@dataclass(frozen=True, slots=True)
class Event:
    """When something happened, and what."""

    at: datetime
    text: str


def history(words: Words, facts: Iterable[ReceiptFact]) -> list[Event]:
    """All of it, in the order given; what this version does not know yet is left out."""
    events = ((fact, _text(words, fact)) for fact in facts)
    return [Event(fact.at.ToDatetime(UTC), text) for fact, text in events if text]


def _text(words: Words, fact: ReceiptFact) -> str:
    if fact.kind == ReceiptFactKind.RECEIPT_FACT_KIND_PROMPT_FAILED:
        return words.say(
            "Hinweis nicht angekommen: %(reason)s", reason=failure(words, fact.failure_reason)[0]
        )
    if fact.kind == ReceiptFactKind.RECEIPT_FACT_KIND_OPENED:
        return words.say(_OPENED.get(fact.reader, _OPENED[Reader.READER_PATIENT]))
    return words.say(_TEXTS[fact.kind]) if fact.kind in _TEXTS else ""
