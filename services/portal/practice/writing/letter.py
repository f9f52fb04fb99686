"""What is written on the sheet: as it was typed, as a draft keeps it, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from praxispost.messaging.v1.drafts_pb2 import Draft, DraftContent
from services.portal.purposes import PURPOSES
from services.portal.visits import Form
from services.portal.words import Words, mark

LONGEST_SUBJECT: Final = 200
LONGEST_BODY: Final = 20_000
USUAL_REPLY_DAYS: Final = 30
MOST_REPLY_DAYS: Final = 365
MOST_DAYS_AHEAD: Final = 365

# Well within what the contract's 64 bits hold.
_LONGEST_VERSION: Final = 15
# The contract's names of the fields, and the sheet's.
FIELDS: Final[Mapping[str, str]] = {
    "purpose": "purpose",
    "subject": "subject",
    "body": "body",
    "reply_period_days": "reply_days",
    "read_by": "read_by",
    "attachment_ids": "attachments",
}
_SUBJECT_TOO_LONG: Final = mark("Der Betreff ist um %(count)s Zeichen zu lang.")
_BODY_TOO_LONG: Final = mark("Der Text ist um %(count)s Zeichen zu lang.")
_REPLY_DAYS: Final = mark("Bitte geben Sie 1 bis 365 Tage an.")
_READ_BY: Final = mark("Bitte wählen Sie einen Tag ab heute, höchstens ein Jahr voraus.")
_NO_PURPOSE: Final = mark("Bitte wählen Sie, worum es geht.")
_NO_SUBJECT: Final = mark("Bitte geben Sie einen Betreff an.")
_NO_BODY: Final = mark("Bitte schreiben Sie einen Text.")


@dataclass(frozen=True, slots=True)
class Letter:
    """The sheet's fields. `draft_id` is empty and `version` 0 as long as nothing is kept; `unsure`: nobody
    knows whether the last try to keep it arrived."""

    patient_id: str
    request_id: str
    draft_id: str = ""
    version: int = 0
    unsure: bool = False
    purpose: str = ""
    subject: str = ""
    body: str = ""
    reply_allowed: bool = False
    reply_days: str = str(USUAL_REPLY_DAYS)
    read_by: str = ""
    attachments: tuple[str, ...] = ()

    @classmethod
    def of_form(cls, form: Form) -> "Letter":
        """As it was typed."""
        return cls(
            patient_id=form.line("patient_id"),
            request_id=form.line("request_id"),
            draft_id=form.line("draft_id"),
            version=version_of(form, "version"),
            unsure=form.has("unsure"),
            purpose=form.line("purpose"),
            subject=form.line("subject"),
            body=form.text("body"),
            reply_allowed=form.has("reply_allowed"),
            reply_days=form.line("reply_days"),
            read_by=form.line("read_by"),
            attachments=tuple(form.all("attachment")),
        )

    @classmethod
    def of_draft(cls, draft: Draft, request_id: str, words: Words) -> "Letter":
        """As a draft kept it."""
        content = draft.content
        return cls(
            patient_id=draft.summary.patient_id,
            request_id=request_id,
            draft_id=draft.summary.id,
            version=draft.summary.version,
            purpose=PURPOSES.key(content.purpose),
            subject=content.subject,
            body=content.body,
            reply_allowed=content.reply_allowed,
            reply_days=str(content.reply_period_days or USUAL_REPLY_DAYS),
            read_by=words.local(content.read_by).date().isoformat() if content.HasField("read_by") else "",
            attachments=tuple(content.attachment_ids),
        )

    def content(self, words: Words) -> DraftContent:
        """What the draft is to keep; what cannot be kept is left out."""
        content = DraftContent(
            purpose=PURPOSES.value(self.purpose),
            subject=self.subject,
            body=self.body,
            reply_allowed=self.reply_allowed,
            reply_period_days=(_days(self.reply_days) or 0) if self.reply_allowed else 0,
            attachment_ids=self.attachments,
        )
        read_by = _date(self.read_by)
        if read_by is not None:
            content.read_by.CopyFrom(_timestamp(words.end_of(read_by)))
        return content

    def anew(self, request_id: str) -> "Letter":
        """The same words for a draft that is not there yet."""
        return replace(self, request_id=request_id, draft_id="", version=0, unsure=False)

    def wrong(self, words: Words, now: datetime) -> dict[str, str]:
        """What cannot be kept, by field."""
        found: dict[str, str] = {}
        _note_length(words, found, "subject", _SUBJECT_TOO_LONG, len(self.subject) - LONGEST_SUBJECT)
        _note_length(words, found, "body", _BODY_TOO_LONG, len(self.body) - LONGEST_BODY)
        if self.reply_allowed and self.reply_days and _days(self.reply_days) is None:
            found["reply_days"] = words.say(_REPLY_DAYS)
        if self.read_by and not _is_near(_date(self.read_by), words.local(now).date()):
            found["read_by"] = words.say(_READ_BY)
        return found

    def unfinished(self, words: Words) -> dict[str, str]:
        """What a message needs besides, by field."""
        missing = {
            "purpose": "" if PURPOSES.value(self.purpose) else _NO_PURPOSE,
            "subject": "" if self.subject.strip() else _NO_SUBJECT,
            "body": "" if self.body.strip() else _NO_BODY,
        }
        return {name: words.say(text) for name, text in missing.items() if text}


def version_of(form: Form, name: str) -> int:
    """A draft's version in a form; 0 where the field holds none."""
    typed = form.line(name)
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= _LONGEST_VERSION else 0


def same(one: DraftContent, other: DraftContent) -> bool:
    """Whether two contents say the same; no reply period is the usual one."""
    return _plain(one) == _plain(other)


def _plain(content: DraftContent) -> tuple[object, ...]:
    days = (content.reply_period_days or USUAL_REPLY_DAYS) if content.reply_allowed else 0
    texts = (content.purpose, content.subject, content.body)
    return (*texts, days, content.read_by.seconds, tuple(content.attachment_ids))


def _days(typed: str) -> int | None:
    if typed.isascii() and typed.isdigit() and len(typed) <= 5 and 1 <= int(typed) <= MOST_REPLY_DAYS:
        return int(typed)
    return None


def _date(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _is_near(day: date | None, today: date) -> bool:
    return day is not None and today <= day < today + timedelta(days=MOST_DAYS_AHEAD)


def _timestamp(moment: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(moment)
    return made


def _note_length(words: Words, found: dict[str, str], name: str, text: str, too_many: int) -> None:
    if too_many > 0:
        found[name] = words.say(text, count=too_many)
