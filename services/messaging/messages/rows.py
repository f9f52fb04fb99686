"""Messages as they lie in the database: what every reader of the table needs of a row."""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from services.messaging.messages.domain import AuthorKind, Direction, Purpose, WithdrawalReason
from services.messaging.receipts.domain import Evidence, Receipt, State
from services.messaging.receipts.facts import Failure, Reader
from services.messaging.tables import message

SUMMARY_COLUMNS: Final = tuple(column for column in message.c if column.name != "body")

E = TypeVar("E", bound=enum.IntEnum)


def _known(kinds: type[E]) -> dict[int, E]:
    return {each.value: each for each in kinds}


def _known_or_none(kinds: type[E]) -> dict[int | None, E | None]:
    return {None: None} | _known(kinds)


# Members by their numbers: a list has thousands of them, and calling an enumeration takes ten times as long.
_DIRECTIONS: Final = _known(Direction)
_AUTHOR_KINDS: Final = _known(AuthorKind)
_STATES: Final = _known(State)
_PURPOSES: Final = _known_or_none(Purpose)
_WITHDRAWAL_REASONS: Final = _known_or_none(WithdrawalReason)
_EVIDENCES: Final = _known_or_none(Evidence)
_READERS: Final = _known_or_none(Reader)
_FAILURES: Final = _known_or_none(Failure)


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message without its text; the subject is sealed."""

    practice_id: UUID
    id: UUID
    conversation_id: UUID
    patient_id: UUID
    direction: Direction
    purpose: Purpose | None
    author_kind: AuthorKind
    author_id: UUID
    sealed_subject: bytes | None
    sent_at: datetime
    reply_until: datetime | None
    in_reply_to: UUID | None
    attachment_count: int
    legal_basis: int
    queued_at: datetime
    receipt: Receipt
    due_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawal_reason: WithdrawalReason | None = None
    replies_closed_at: datetime | None = None
    erased_at: datetime | None = None
    key_id: UUID | None = None

    @property
    def key(self) -> tuple[UUID, UUID]:
        """What it is found by: its practice and its id."""
        return self.practice_id, self.id


def stored_message(row: Any) -> StoredMessage:
    """The message of a row that has the SUMMARY_COLUMNS."""
    return StoredMessage(
        practice_id=row.practice_id,
        id=row.id,
        conversation_id=row.conversation_id,
        patient_id=row.patient_id,
        direction=_DIRECTIONS[row.direction],
        purpose=_PURPOSES[row.purpose],
        author_kind=_AUTHOR_KINDS[row.author_kind],
        author_id=row.author_id,
        sealed_subject=row.subject,
        sent_at=row.sent_at,
        reply_until=_reply_until(row),
        in_reply_to=row.in_reply_to,
        attachment_count=row.attachment_count,
        legal_basis=row.legal_basis,
        queued_at=row.released_at or row.sent_at,
        receipt=receipt(row),
        due_at=row.due_at,
        withdrawn_at=row.withdrawn_at,
        withdrawal_reason=_WITHDRAWAL_REASONS[row.withdrawal_reason],
        replies_closed_at=row.replies_closed_at,
        erased_at=row.erased_at,
        key_id=row.key_id,
    )


def _reply_until(row: Any) -> datetime | None:
    """The time that a message was held is not taken from the time to answer it."""
    until: datetime | None = row.reply_until
    return until if until is None or row.released_at is None else until + (row.released_at - row.sent_at)


def receipt(row: Any) -> Receipt:
    """The receipt of a row."""
    return Receipt(
        state=_STATES[row.tick],
        sent_at=row.prompt_accepted_at,
        received_at=row.received_at,
        evidence=_EVIDENCES[row.received_evidence],
        read_at=row.read_at,
        read_by=_READERS[row.read_by],
        failed_at=row.failed_at,
        failure=_FAILURES[row.failure],
        delayed_at=row.delayed_at,
        attachments_opened=row.attachments_opened,
    )


RECEIPT_COLUMNS: Final = (
    *("tick", "prompt_accepted_at", "received_at", "received_evidence", "read_at", "read_by"),
    *("failed_at", "failure", "delayed_at", "attachments_opened"),
)


def receipt_values(known: Receipt) -> tuple[object, ...]:
    """The same the other way: the values of the RECEIPT_COLUMNS."""
    return (
        known.state,
        known.sent_at,
        known.received_at,
        known.evidence,
        known.read_at,
        known.read_by,
        known.failed_at,
        known.failure,
        known.delayed_at,
        known.attachments_opened,
    )
