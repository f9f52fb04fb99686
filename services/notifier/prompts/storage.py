"""Letters in the database: made for messages, settled with their events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Integer, Text, Uuid, and_, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import trace_context
from chassis.arrays import rows_of
from chassis.many_rows import Row, carry_out, inserting
from services.notifier.prompts.domain import Attempt, Decision, Dropped, Failed, Prompt, TryAgain
from services.notifier.tables import prompt, prompt_attempt, prompt_message

PROMPTS_CHANNEL: Final = "praxispost_prompts"
# Both mean that it is to be sent; due is what the version before writes.
_PENDING: Final = ("due", "waiting")
_TIME: Final = DateTime(timezone=True)
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
    await carry_out(tx, _INSERT_ATTEMPTS.of([_attempt_row(of, attempt)]))
    return True


async def settle_accepted(
    tx: AsyncConnection, accepted: Sequence[tuple[Prompt, Attempt]]
) -> set[tuple[UUID, UUID]]:
    """The same for letters that the relay took; returns the keys of those that no later attempt has."""
    rows = rows_of(
        practice_id=(Uuid(), [each.practice_id for each, _ in accepted]),
        id=(Uuid(), [each.id for each, _ in accepted]),
        number=(Integer(), [each.attempt for each, _ in accepted]),
        at=(_TIME, [attempt.at for _, attempt in accepted]),
        version=(BigInteger(), [attempt.contact_version for _, attempt in accepted]),
    )
    held = and_(
        prompt.c.practice_id == rows.c.practice_id,
        prompt.c.id == rows.c.id,
        prompt.c.attempts == rows.c.number,
        prompt.c.state.in_(_PENDING),
    )
    changed = {
        "state": "accepted",
        "settled_at": rows.c.at,
        "contact_version": rows.c.version,
        "in_hand": False,
    }
    settling = update(prompt).where(held).values(changed).returning(prompt.c.practice_id, prompt.c.id)
    settled = {(row.practice_id, row.id) for row in await tx.execute(settling)}
    made = (_attempt_row(*each) for each in accepted if (each[0].practice_id, each[0].id) in settled)
    await carry_out(tx, _INSERT_ATTEMPTS.of(made))
    return settled


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
