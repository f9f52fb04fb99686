"""Messages that wait to be read, as far as prompts are concerned, in the database."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.prompts.domain import Kind
from services.notifier.tables import prompt, prompt_message, waiting_message


async def note(
    tx: AsyncConnection,
    message: tuple[UUID, UUID],
    patient_id: UUID,
    sent_at: datetime,
    *,
    shown_at: datetime | None = None,
    closed_at: datetime | None = None,
) -> bool:
    """Note the message and what became of it, in whatever order it is told; False where it is closed."""
    practice_id, message_id = message
    noting = insert(waiting_message).values(
        practice_id=practice_id,
        id=message_id,
        patient_id=patient_id,
        sent_at=sent_at,
        shown_at=shown_at,
        closed_at=closed_at,
    )
    known = waiting_message.c
    noted = noting.on_conflict_do_update(
        index_elements=["practice_id", "id"],
        set_={
            "sent_at": func.least(known.sent_at, sent_at),
            "shown_at": func.coalesce(known.shown_at, noting.excluded.shown_at),
            "closed_at": func.coalesce(known.closed_at, noting.excluded.closed_at),
        },
    ).returning(waiting_message.c.closed_at)
    return (await tx.execute(noted)).scalar_one() is None


async def close(tx: AsyncConnection, message: tuple[UUID, UUID]) -> None:
    """Nobody is reminded of a message that is closed."""
    await tx.execute(update(waiting_message).where(_is(message)).values(remind_at=None))


async def has_letter(tx: AsyncConnection, message: tuple[UUID, UUID]) -> bool:
    """Whether some letter was made for the message."""
    practice_id, message_id = message
    query = select(prompt_message.c.prompt_id).where(
        prompt_message.c.practice_id == practice_id, prompt_message.c.message_id == message_id
    )
    return (await tx.execute(query.limit(1))).first() is not None


async def needing(tx: AsyncConnection, practice_id: UUID, prompt_id: UUID, kind: Kind) -> tuple[UUID, ...]:
    """Those of a letter's messages that it must speak for: nobody has read, seen or withdrawn them since."""
    query = (
        select(waiting_message.c.id)
        .join_from(prompt_message, waiting_message, _same_message())
        .where(
            prompt_message.c.practice_id == practice_id,
            prompt_message.c.prompt_id == prompt_id,
            waiting_message.c.closed_at.is_(None),
        )
        .order_by(waiting_message.c.id)
    )
    if kind is not Kind.REMINDER:  # which is for what was shown and not opened, too
        unseen = or_(
            waiting_message.c.shown_at.is_(None), waiting_message.c.shown_at <= prompt_message.c.added_at
        )
        query = query.where(unseen)
    return tuple((await tx.execute(query)).scalars())


async def spoken_for(tx: AsyncConnection, practice_id: UUID, prompt_id: UUID) -> tuple[UUID, ...]:
    """The messages that a letter spoke for when it went."""
    query = select(prompt_message.c.message_id).where(
        prompt_message.c.practice_id == practice_id,
        prompt_message.c.prompt_id == prompt_id,
        prompt_message.c.needed,
    )
    return tuple((await tx.execute(query.order_by(prompt_message.c.message_id))).scalars())


async def leave_out(
    tx: AsyncConnection, practice_id: UUID, prompt_id: UUID, needed: Collection[UUID]
) -> None:
    """Mark those of the letter's messages that it did not have to speak for."""
    others = and_(
        prompt_message.c.practice_id == practice_id,
        prompt_message.c.prompt_id == prompt_id,
        prompt_message.c.message_id.not_in(needed),
    )
    await tx.execute(update(prompt_message).where(others).values(needed=False))


async def remind_later(tx: AsyncConnection, practice_id: UUID, prompt_id: UUID, at: datetime) -> None:
    """Remind of the letter's messages then, unless that was done before."""
    its_messages = select(prompt_message.c.message_id).where(
        prompt_message.c.practice_id == practice_id, prompt_message.c.prompt_id == prompt_id
    )
    unread = and_(
        waiting_message.c.practice_id == practice_id,
        waiting_message.c.id.in_(its_messages),
        waiting_message.c.closed_at.is_(None),
        waiting_message.c.reminded_at.is_(None),
    )
    await tx.execute(update(waiting_message).where(unread).values(remind_at=at))


async def joinable_letter(
    tx: AsyncConnection, message: tuple[UUID, UUID], patient_id: UUID, since: datetime
) -> UUID | None:
    """A letter to the patient that waits to go and can speak for the message, locked; None if none does.

    Not one that is in hand: its address may be an old one. Not one that is about to expire. And one that goes
    at once is for its own message until an attempt failed.
    """
    practice_id, message_id = message
    for_it = select(prompt_message.c.prompt_id).where(
        prompt_message.c.practice_id == practice_id, prompt_message.c.message_id == message_id
    )
    query = (
        select(prompt.c.id)
        .where(
            prompt.c.practice_id == practice_id,
            prompt.c.patient_id == patient_id,
            prompt.c.state == "waiting",
            prompt.c.kind != Kind.REMINDER.value,
            or_(prompt.c.kind == Kind.GATHERED.value, prompt.c.attempts > 0, prompt.c.id.in_(for_it)),
            prompt.c.in_hand.is_(False),
            prompt.c.created_at > since,
        )
        .order_by(prompt.c.created_at)
        .limit(1)
        .with_for_update()
    )
    found: UUID | None = (await tx.execute(query)).scalar_one_or_none()
    return found


def _is(message: tuple[UUID, UUID]) -> ColumnElement[bool]:
    return and_(waiting_message.c.practice_id == message[0], waiting_message.c.id == message[1])


def _same_message() -> ColumnElement[bool]:
    return and_(
        waiting_message.c.practice_id == prompt_message.c.practice_id,
        waiting_message.c.id == prompt_message.c.message_id,
    )
