"""Prompts in the database: made by an event, claimed by a lane of the sender, settled with their events."""

from datetime import datetime
from typing import Final

from sqlalchemy import and_, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.prompts.domain import Attempt, Decision, Failed, Prompt, TryAgain
from services.notifier.tables import prompt, prompt_attempt

PROMPTS_CHANNEL: Final = "praxispost_prompts"


async def add_prompt(tx: AsyncConnection, new: Prompt) -> bool:
    """Add a prompt that is due at once; False where its message has one already."""
    values = {
        "practice_id": new.practice_id,
        "id": new.id,
        "message_id": new.message_id,
        "patient_id": new.patient_id,
        "reference": new.reference,
        "sent_at": new.sent_at,
        "created_at": new.created_at,
        "state": "due",
        "attempts": 0,
        "due_at": new.created_at,
    }
    adding = (
        insert(prompt).values(values).on_conflict_do_nothing(index_elements=["practice_id", "message_id"])
    )
    return (await tx.execute(adding)).rowcount == 1


async def claim_due(tx: AsyncConnection, now: datetime, lease_end: datetime) -> Prompt | None:
    """Take the prompt that has been due longest, of any practice; it is the caller's until the lease ends."""
    claimed = func.claim_due_prompt(now, lease_end).table_valued(
        prompt.c.practice_id,
        prompt.c.id,
        prompt.c.message_id,
        prompt.c.patient_id,
        prompt.c.reference,
        prompt.c.sent_at,
        prompt.c.created_at,
        prompt.c.attempts,
    )
    row = (await tx.execute(select(claimed))).one_or_none()
    return None if row is None else Prompt(*row)


async def settle(tx: AsyncConnection, of: Prompt, attempt: Attempt, decision: Decision) -> bool:
    """Record an attempt and what follows from it; False where a later attempt has the prompt in hand."""
    held = and_(
        prompt.c.practice_id == of.practice_id,
        prompt.c.id == of.id,
        prompt.c.attempts == of.attempt,
        prompt.c.state == "due",
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
        return {"due_at": decision.at}
    settled = {"settled_at": attempt.at, "contact_version": attempt.contact_version}
    if isinstance(decision, Failed):
        return {**settled, "state": "failed", "failure": decision.failure.value}
    return {**settled, "state": "accepted"}
