"""What staff read of a prompt: why it went, what came of it, and what happened on the way."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from praxispost.messaging.v1.messaging_pb2 import Direction, MessageSummary, ReceiptState
from praxispost.notifier.v1.events_pb2 import PromptFailure
from praxispost.notifier.v1.prompts_pb2 import Prompt, PromptKind, PromptReportKind, PromptState
from services.portal.words import Words, mark


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it, and whether that is good news."""

    kind: Literal["plain", "good", "warn", "bad"]
    text: str


@dataclass(frozen=True, slots=True)
class PromptLine:
    """One prompt; `steps` is what happened on the way, oldest first."""

    id: str
    at: str
    why: str
    outcome: Outcome
    steps: tuple[str, ...]
    to_earlier_contact: bool


_WHY: Final[Mapping[PromptKind.ValueType, str]] = {
    PromptKind.PROMPT_KIND_FIRST: mark("Neue Nachricht"),
    PromptKind.PROMPT_KIND_GATHERED: mark("Weitere Nachrichten kurz danach"),
    PromptKind.PROMPT_KIND_AGAIN: mark("Erneut: von Ihnen, oder weil sich die Kontaktdaten geändert haben"),
    PromptKind.PROMPT_KIND_REMINDER: mark("Erinnerung an Ungelesenes"),
}
_FAILED: Final[Mapping[PromptFailure.ValueType, str]] = {
    PromptFailure.PROMPT_FAILURE_ADDRESS_REFUSED: mark("Adresse abgewiesen"),
    PromptFailure.PROMPT_FAILURE_EXPIRED: mark("72 Stunden nicht zustellbar"),
    PromptFailure.PROMPT_FAILURE_OWN_FAULT: mark("Fehler bei uns"),
    PromptFailure.PROMPT_FAILURE_CONTACT_MISSING: mark("Keine Adresse in der Karteikarte"),
    PromptFailure.PROMPT_FAILURE_ADDRESS_SUSPECT: mark("Nicht versandt, weil die Adresse unsicher ist"),
    PromptFailure.PROMPT_FAILURE_NOT_WANTED: mark("Nicht versandt, weil nichts mehr hinausgehen soll"),
}
# The weightiest first: what is known of a prompt that our relay took.
_REPORTED: Final[Mapping[PromptReportKind.ValueType, Outcome]] = {
    PromptReportKind.PROMPT_REPORT_KIND_NOT_FOR_ME: Outcome("bad", mark("„Nicht für mich“")),
    PromptReportKind.PROMPT_REPORT_KIND_FAILED: Outcome("bad", mark("Kam zurück")),
    PromptReportKind.PROMPT_REPORT_KIND_DELIVERED: Outcome("good", mark("Vom Mailserver angenommen")),
    PromptReportKind.PROMPT_REPORT_KIND_RELAYED: Outcome("plain", mark("Weitergereicht, Ankunft unbekannt")),
    PromptReportKind.PROMPT_REPORT_KIND_DELAYED: Outcome("warn", mark("Verzögert")),
}
_UNREAD: Final = (
    ReceiptState.RECEIPT_STATE_FAILED,
    ReceiptState.RECEIPT_STATE_QUEUED,
    ReceiptState.RECEIPT_STATE_SENT,
    ReceiptState.RECEIPT_STATE_RECEIVED,
)


def prompt_lines(words: Words, prompts: Sequence[Prompt]) -> list[PromptLine]:
    """All of them in words."""
    newest = max((each.contact_version for each in prompts), default=0)
    return [
        PromptLine(
            each.id,
            words.moment(each.created_at),
            words.say(_WHY.get(each.kind, "")),
            _outcome(words, each),
            tuple(_steps(words, each)),
            0 < each.contact_version < newest,
        )
        for each in prompts
    ]


def to_announce(messages: Sequence[MessageSummary]) -> MessageSummary | None:
    """The message to ask a further prompt for: the newest unread one; None where all is read."""
    return next((each for each in messages if _is_unread(each)), None)


def _is_unread(message: MessageSummary) -> bool:
    ours = message.direction == Direction.DIRECTION_TO_PATIENT and not message.HasField("withdrawn_at")
    return ours and message.receipt.state in _UNREAD


def _outcome(words: Words, prompt: Prompt) -> Outcome:
    match prompt.state:
        case PromptState.PROMPT_STATE_NOT_NEEDED:
            return Outcome("plain", words.say("Nicht mehr nötig"))
        case PromptState.PROMPT_STATE_WAITING if prompt.attempts:
            at = words.moment(prompt.due_at)
            return Outcome("warn", words.say("Noch nicht gelungen. Nächster Versuch %(time)s", time=at))
        case PromptState.PROMPT_STATE_WAITING:
            return Outcome("plain", words.say("Wird versandt"))
    reported = {each.kind for each in prompt.reports}
    for kind, outcome in _REPORTED.items():
        if kind in reported:
            return Outcome(outcome.kind, words.say(outcome.text))
    if prompt.state == PromptState.PROMPT_STATE_FAILED:
        return Outcome("bad", words.say(_FAILED.get(prompt.failure, mark("Fehler bei uns"))))
    return Outcome("plain", words.say("Versandt, Ankunft unbestätigt"))


def _steps(words: Words, prompt: Prompt) -> Iterator[str]:
    for attempt in prompt.attempts:
        text = mark("%(time)s: übergeben") if attempt.accepted else mark("%(time)s: nicht angenommen")
        code = f" ({attempt.smtp_code})" if attempt.smtp_code and not attempt.accepted else ""
        yield words.say(text, time=words.moment(attempt.at)) + code
    for report in prompt.reports:
        outcome = _REPORTED.get(report.kind)
        if outcome is not None:
            status = f" ({report.status})" if report.status else ""
            yield f"{words.moment(report.at)}: {words.say(outcome.text)}{status}"
