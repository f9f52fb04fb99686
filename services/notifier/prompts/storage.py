"""Letters in the database: made for messages, claimed by a lane of the sender, settled with their events."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import and_, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import trace_context
from services.notifier.prompts.domain import Attempt, Decision, Dropped, Failed, Kind, Prompt, TryAgain
from services.notifier.tables import prompt, prompt_attempt, prompt_message

PROMPTS_CHANNEL: Final = "praxispost_prompts"
# Both mean that it is to be sent; due is what the version before writes.
_PENDING: Final = ("due", "waiting")


async def add_letter(
    tx: AsyncConnection, new: Prompt, due_at: datetime, *, made_for: UUID | None = None
) -> bool:
    """Add a letter that waits to go; False where the message that it is made for has such a one already."""
    values = {
        "practice_id": new.practice_id,
        "id": new.id,
        "message_id": made_for,
        "patient_id": new.patient_id,
        "reference": new.reference,
        "kind": new.kind.value,
        "sent_at": new.sent_at,
        "created_at": new.created_at,
        "state": "waiting",
        "attempts": 0,
        "due_at": due_at,
        "traceparent": trace_context.current(),
    }
    adding = (
        insert(prompt).values(values).on_conflict_do_nothing(index_elements=["practice_id", "message_id"])
    )
    return (await tx.execute(adding)).rowcount == 1


async def add_message(
    tx: AsyncConnection, practice_id: UUID, prompt_id: UUID, message_id: UUID, at: datetime
) -> None:
    """Let the letter speak for the message, which was to be prompted at this time."""
    adding = insert(prompt_message).values(
        practice_id=practice_id, prompt_id=prompt_id, message_id=message_id, added_at=at
    )
    again = adding.on_conflict_do_update(
        index_elements=["practice_id", "prompt_id", "message_id"], set_={"added_at": at}
    )
    await tx.execute(again)


async def claim_due(tx: AsyncConnection, now: datetime, lease_end: datetime) -> Prompt | None:
    """Take the letter that has been due longest, of any practice; it is the caller's until the lease ends."""
    claimed = func.claim_due_letter(now, lease_end).table_valued(
        prompt.c.practice_id,
        prompt.c.id,
        prompt.c.patient_id,
        prompt.c.reference,
        prompt.c.kind,
        prompt.c.sent_at,
        prompt.c.created_at,
        prompt.c.attempts,
    )
    row = (await tx.execute(select(claimed))).one_or_none()
    if row is None:
        return None
    return Prompt(
        practice_id=row.practice_id,
        id=row.id,
        patient_id=row.patient_id,
        reference=row.reference,
        kind=Kind(row.kind),
        sent_at=row.sent_at,
        created_at=row.created_at,
        attempt=row.attempts,
    )


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
    await tx.execute(
        insert(prompt_attempt).values(
            practice_id=of.practice_id,
            prompt_id=of.id,
            number=of.attempt,
            at=attempt.at,
            outcome=attempt.outcome.value,
            contact_version=attempt.contact_version,
            smtp_code=attempt.smtp_code,
        )
    )
    return True


async def figures(tx: AsyncConnection, now: datetime) -> tuple[datetime | None, datetime | None]:
    """When the longest waiting prompt became due, and when the last was accepted; of all practices."""
    found = func.prompt_figures(now).table_valued("oldest_due_at", "last_accepted_at")
    oldest, last = (await tx.execute(select(found))).one()
    return oldest, last


def _after(attempt: Attempt, decision: Decision) -> dict[str, object]:
    if isinstance(decision, TryAgain):
        return {"due_at": decision.at, "in_hand": False}
    settled = {"settled_at": attempt.at, "contact_version": attempt.contact_version, "in_hand": False}
    if isinstance(decision, Failed):
        return {**settled, "state": "failed", "failure": decision.failure.value}
    return {**settled, "state": "dropped" if isinstance(decision, Dropped) else "accepted"}
