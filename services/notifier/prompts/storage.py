"""Letters in the database: made for messages, settled with their events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import DateTime, Integer, Text, Uuid, and_, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import trace_context
from chassis.arrays import rows_of
from chassis.many_rows import ManyRows, Part, Row, fetch, inserting, types_of
from services.notifier.prompts.domain import Attempt, Decision, Dropped, Failed, Prompt, TryAgain
from services.notifier.tables import prompt, prompt_attempt, prompt_message

PROMPTS_CHANNEL: Final = "praxispost_prompts"
# Both mean that it is to be sent; due is what the version before writes.
_PENDING: Final = ("due", "waiting")
_TIME: Final = DateTime(timezone=True)
_SETTLE_ACCEPTED: Final = ManyRows(
    """
UPDATE prompt
SET state = 'accepted', settled_at = accepted.at, contact_version = accepted.version, in_hand = false
FROM {rows} AS accepted (practice_id, id, number, at, version)
WHERE prompt.practice_id = accepted.practice_id AND prompt.id = accepted.id
    AND prompt.attempts = accepted.number AND prompt.state IN ('due', 'waiting')
RETURNING prompt.practice_id, prompt.id
""",
    types_of(prompt, "practice_id", "id", "attempts", "settled_at", "contact_version"),
)
_INSERT_ATTEMPTS: Final = inserting(
    prompt_attempt, "practice_id", "prompt_id", "number", "at", "outcome", "contact_version", "smtp_code"
)


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A letter that is to go at a time; `made_for` is the message whose only one of its kind it is."""

    letter: Prompt
    due_at: datetime
    made_for: UUID | None = None


@dataclass(frozen=True, slots=True)
class SpokenFor:
    """A message that a letter speaks for, which was to be prompted at this time."""

    practice_id: UUID
    letter_id: UUID
    message_id: UUID
    at: datetime


async def add_letters(tx: AsyncConnection, new: Sequence[NewLetter]) -> set[UUID]:
    """Add letters that wait to go; returns the ids of those whose messages have no such letter already."""
    if not new:
        return set()
    rows = rows_of(
        practice_id=(Uuid(), [each.letter.practice_id for each in new]),
        id=(Uuid(), [each.letter.id for each in new]),
        message_id=(Uuid(), [each.made_for for each in new]),
        patient_id=(Uuid(), [each.letter.patient_id for each in new]),
        reference=(Text(), [each.letter.reference for each in new]),
        kind=(Text(), [each.letter.kind.value for each in new]),
        sent_at=(_TIME, [each.letter.sent_at for each in new]),
        created_at=(_TIME, [each.letter.created_at for each in new]),
        state=(Text(), ["waiting"] * len(new)),
        attempts=(Integer(), [0] * len(new)),
        due_at=(_TIME, [each.due_at for each in new]),
        traceparent=(Text(), [trace_context.current()] * len(new)),
    )
    adding = (
        insert(prompt)
        .from_select([each.name for each in rows.c], select(*rows.c))
        .on_conflict_do_nothing(index_elements=["practice_id", "message_id"])
        .returning(prompt.c.id)
    )
    return set((await tx.execute(adding)).scalars())


async def add_messages(tx: AsyncConnection, spoken_for: Sequence[SpokenFor]) -> None:
    """Let letters speak for messages; each pair is named once."""
    if not spoken_for:
        return
    rows = rows_of(
        practice_id=(Uuid(), [each.practice_id for each in spoken_for]),
        prompt_id=(Uuid(), [each.letter_id for each in spoken_for]),
        message_id=(Uuid(), [each.message_id for each in spoken_for]),
        added_at=(_TIME, [each.at for each in spoken_for]),
    )
    adding = insert(prompt_message).from_select([each.name for each in rows.c], select(*rows.c))
    again = adding.on_conflict_do_update(
        index_elements=["practice_id", "prompt_id", "message_id"],
        set_={"added_at": adding.excluded.added_at},
    )
    await tx.execute(again)


async def traceparent_of(tx: AsyncConnection, of: Prompt) -> str:
    """The span in which the letter was made, or an empty string."""
    this = and_(prompt.c.practice_id == of.practice_id, prompt.c.id == of.id)
    return str((await tx.execute(select(prompt.c.traceparent).where(this))).scalar_one())


async def settle(tx: AsyncConnection, of: Prompt, attempt: Attempt, decision: Decision) -> bool:
    """Record an attempt and what follows from it; False where a later attempt has the prompt in hand."""
    held = and_(
        prompt.c.practice_id == of.practice_id,
        prompt.c.id == of.id,
        prompt.c.attempts == of.attempt,
        prompt.c.state.in_(_PENDING),
    )
    if (await tx.execute(update(prompt).where(held).values(_after(attempt, decision)))).rowcount == 0:
        return False
    await fetch(tx, attempts([(of, attempt)]))
    return True


async def settle_accepted(
    tx: AsyncConnection, accepted: Sequence[tuple[Prompt, Attempt]]
) -> set[tuple[UUID, UUID]]:
    """The same for letters that the relay took, without the attempts' rows, which `attempts` adds; returns
    the keys of those that no later attempt has.
    """
    settling = _SETTLE_ACCEPTED.of(
        (of.practice_id, of.id, of.attempt, attempt.at, attempt.contact_version) for of, attempt in accepted
    )
    return {(row[0], row[1]) for row in await fetch(tx, settling)}


def attempts(made: Iterable[tuple[Prompt, Attempt]]) -> Part:
    """Adds attempts that were made."""
    return _INSERT_ATTEMPTS.of(_attempt_row(*each) for each in made)


async def figures(tx: AsyncConnection, now: datetime) -> tuple[datetime | None, datetime | None]:
    """When the longest waiting prompt became due, and when the last was accepted; of all practices."""
    found = func.prompt_figures(now).table_valued("oldest_due_at", "last_accepted_at")
    oldest, last = (await tx.execute(select(found))).one()
    return oldest, last


def _attempt_row(of: Prompt, attempt: Attempt) -> Row:
    return (
        of.practice_id,
        of.id,
        of.attempt,
        attempt.at,
        attempt.outcome.value,
        attempt.contact_version,
        attempt.smtp_code,
    )


def _after(attempt: Attempt, decision: Decision) -> dict[str, object]:
    if isinstance(decision, TryAgain):
        return {"due_at": decision.at, "in_hand": False}
    settled = {"settled_at": attempt.at, "contact_version": attempt.contact_version, "in_hand": False}
    if isinstance(decision, Failed):
        return {**settled, "state": "failed", "failure": decision.failure.value}
    return {**settled, "state": "dropped" if isinstance(decision, Dropped) else "accepted"}
