"""A small model of what messaging promises: who may see, open and answer what, and what is known of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chassis.caller import Caller
from praxispost.messaging.v1 import messaging_pb2 as wire
from praxispost.messaging.v1 import work_pb2

HELD_FROM: Final = 2
WINDOW: Final = timedelta(hours=1)
READ_WITHIN: Final = timedelta(days=7)


@dataclass(slots=True, eq=False)
class Record:
    """A patient's record, as identity says it is."""

    practice_id: UUID
    id: UUID
    version: int = 1
    contact_version: int = 1
    has_email: bool = True
    flags: set[str] = field(default_factory=set)
    done: bool = False

    def why_not(self) -> str:
        """Why nothing may be sent; empty where it may."""
        for flag in ("deceased", "archived", "objected"):
            if flag in self.flags:
                return f"PATIENT_{flag.upper()}"
        if not self.has_email:
            return "CONTACT_MISSING"
        return "CONTACT_CONFLICT" if "conflict" in self.flags else ""


@dataclass(frozen=True, slots=True)
class Words:
    """What is written."""

    subject: str
    body: str


@dataclass(slots=True, eq=False)
class Letter:
    """A message of either side, and everything that has become of it."""

    id: str
    record: Record
    author: Caller
    words: Words
    sent_at: datetime
    reply_until: datetime | None = None
    documents: tuple[str, ...] = ()
    answers: "Letter | None" = None
    held: bool = False
    rejected: bool = False
    released_at: datetime | None = None
    withdrawn: bool = False
    closed: bool = False
    erased: bool = False
    shown: bool = False
    reader: wire.Reader.ValueType = wire.READER_UNSPECIFIED
    outcomes: list[tuple[int, str]] = field(default_factory=list)

    @property
    def to_patient(self) -> bool:
        return self.answers is None

    @property
    def unsent(self) -> bool:
        """Only the practice knows of it."""
        return self.held or self.rejected

    @property
    def read(self) -> bool:
        return self.reader != wire.READER_UNSPECIFIED

    @property
    def answerable(self) -> bool:
        """What lists say: it was allowed, and nobody has taken it back."""
        return self.reply_until is not None and not self.withdrawn and not self.closed

    def state(self) -> wire.ReceiptState.ValueType:
        """The tick: read, else received, else what came of the newest prompt to the present contact data."""
        if self.rejected:
            return wire.RECEIPT_STATE_REJECTED
        if self.held:
            return wire.RECEIPT_STATE_HELD
        if self.read:
            return wire.RECEIPT_STATE_READ
        if not self.to_patient:
            return wire.RECEIPT_STATE_SENT
        return wire.RECEIPT_STATE_RECEIVED if self.shown else self._of_prompts()

    def _of_prompts(self) -> wire.ReceiptState.ValueType:
        state = wire.RECEIPT_STATE_QUEUED
        for contact_version, outcome in self.outcomes:
            if contact_version != self.record.contact_version:
                continue
            if outcome == "failed":
                state = wire.RECEIPT_STATE_FAILED
            elif outcome == "delivered":
                state = wire.RECEIPT_STATE_RECEIVED
            elif state != wire.RECEIPT_STATE_RECEIVED:
                state = wire.RECEIPT_STATE_SENT
        return state

    def task(self, now: datetime) -> work_pb2.WorkKind.ValueType | None:
        """Which task it is, if any."""
        if self.read or self.rejected:
            return None
        if self.held:
            return work_pb2.WORK_KIND_HELD
        if not self.to_patient:
            return None if self.erased else work_pb2.WORK_KIND_UNREAD_ANSWER
        if self.withdrawn:
            return None
        if self.state() == wire.RECEIPT_STATE_FAILED:
            return work_pb2.WORK_KIND_FAILED
        due = (self.released_at or self.sent_at) + READ_WITHIN <= now
        return work_pb2.WORK_KIND_DUE if due else None


@dataclass(slots=True)
class Person:
    """An account, with what its tokens say now."""

    caller: Caller
    kinds: dict[tuple[UUID, UUID], str] = field(default_factory=dict)

    def sees(self, letter: Letter) -> bool:
        """Whether it exists for this person."""
        return (letter.record.practice_id, letter.record.id) in self.kinds and not letter.unsent

    def why_not_open(self, letter: Letter) -> str:
        """Why the text is not released; empty where it is."""
        if not self.sees(letter):
            return "MESSAGE_NOT_FOUND"
        return "MESSAGE_WITHDRAWN" if letter.withdrawn else ""

    def why_not_answer(self, letter: Letter, now: datetime) -> str:
        """Why an answer is not accepted; empty where it is."""
        if not self.sees(letter):
            return "MESSAGE_NOT_FOUND"
        if letter.reply_until is None:
            return "REPLY_NOT_ALLOWED"
        if letter.withdrawn:
            return "MESSAGE_WITHDRAWN"
        if letter.closed:
            return "REPLIES_CLOSED"
        return "REPLY_PERIOD_OVER" if now > letter.reply_until else ""

    def reads_as(self, letter: Letter) -> wire.Reader.ValueType:
        kind = self.kinds[letter.record.practice_id, letter.record.id]
        return wire.READER_PATIENT if kind == "self" else wire.READER_REPRESENTATIVE


@dataclass(slots=True)
class GuardModel:
    """Which texts went to whom lately, and which ones a second person released."""

    used: dict[tuple[UUID, str], dict[UUID, datetime]] = field(default_factory=dict)
    released: dict[tuple[UUID, Words], datetime] = field(default_factory=dict)

    def holds(self, record: Record, words: Words, now: datetime) -> bool:
        """Count a message that is being stored; whether it waits."""
        used = self.used.setdefault((record.practice_id, words.body), {})
        used[record.id] = now
        if sum(at > now - WINDOW for at in used.values()) < HELD_FROM:
            return False
        released_at = self.released.get((record.practice_id, words))
        return released_at is None or released_at <= now - WINDOW


@dataclass(slots=True)
class Practice:
    """Two who work in it, and its records."""

    admin: Caller
    colleague: Caller
    records: list[Record]


@dataclass(slots=True, eq=False)
class Draft:
    """A draft as it was saved last."""

    id: str
    record: Record
    words: Words
    documents: tuple[str, ...] = ()
    version: int = 1


def by_age(letters: list[Letter]) -> list[Letter]:
    """As lists show them: the newest first."""
    return sorted(letters, key=lambda each: (each.sent_at, UUID(each.id)), reverse=True)
