"""Messages that wait to be read, as far as prompts are concerned, in the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Uuid, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.arrays import among, rows_of
from chassis.many_rows import ManyRows, Part, types_of
from services.notifier.prompts.addressees import PatientKey
from services.notifier.prompts.domain import Kind, Prompt
from services.notifier.tables import prompt, prompt_message, waiting_message

_LEAVE_OUT: Final = ManyRows(
    """
UPDATE prompt_message SET needed = false FROM {rows} AS letter (practice_id, id, needed)
WHERE prompt_message.practice_id = letter.practice_id AND prompt_message.prompt_id = letter.id
    AND prompt_message.message_id <> ALL (string_to_array(letter.needed, ',')::uuid[])
""",
    (*types_of(prompt, "practice_id", "id"), "text"),
    returns=False,
)
# Messages are locked in the order of their keys.
_REMIND_LATER: Final = ManyRows(
    """
UPDATE waiting_message SET remind_at = locked.at FROM (
    SELECT message.practice_id, message.id, letter.at
    FROM {rows} AS letter (practice_id, id, at)
    JOIN prompt_message ON prompt_message.practice_id = letter.practice_id
        AND prompt_message.prompt_id = letter.id
    JOIN waiting_message AS message ON message.practice_id = prompt_message.practice_id
        AND message.id = prompt_message.message_id
    WHERE message.closed_at IS NULL AND message.reminded_at IS NULL
    ORDER BY message.practice_id, message.id
    FOR UPDATE OF message
) AS locked
WHERE waiting_message.practice_id = locked.practice_id AND waiting_message.id = locked.id
""",
    types_of(waiting_message, "practice_id", "id", "remind_at"),
    returns=False,
)

# Practice and message, or practice and letter.
MessageKey: TypeAlias = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was sent to a patient at this time."""

    message: MessageKey
    patient_id: UUID
    at: datetime


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


async def note_sent(tx: AsyncConnection, sent: Sequence[Sent]) -> set[MessageKey]:
    """Note messages that were sent, each named once, as `note` does; returns those that are not closed."""
    in_order = sorted(sent, key=lambda each: each.message)
    rows = rows_of(
        practice_id=(Uuid(), [each.message[0] for each in in_order]),
        id=(Uuid(), [each.message[1] for each in in_order]),
        patient_id=(Uuid(), [each.patient_id for each in in_order]),
        sent_at=(DateTime(timezone=True), [each.at for each in in_order]),
    )
    noting = insert(waiting_message).from_select([each.name for each in rows.c], select(*rows.c))
    known = waiting_message.c
    noted = noting.on_conflict_do_update(
        index_elements=["practice_id", "id"],
        set_={"sent_at": func.least(known.sent_at, noting.excluded.sent_at)},
    ).returning(known.practice_id, known.id, known.closed_at)
    return {(row.practice_id, row.id) for row in await tx.execute(noted) if row.closed_at is None}


async def having_letter(tx: AsyncConnection, messages: Collection[MessageKey]) -> set[MessageKey]:
    """Those of the messages that some letter was made for."""
    if not messages:
        return set()
    of = (prompt_message.c.practice_id, prompt_message.c.message_id)
    return {(row[0], row[1]) for row in await tx.execute(select(*of).where(among(*of, messages)))}


async def needing(tx: AsyncConnection, letter: Prompt) -> tuple[UUID, ...]:
    """Those of a letter's messages that it must speak for: nobody has read, seen or withdrawn them since."""
    return (await needing_all(tx, [letter]))[letter.practice_id, letter.id]


async def needing_all(
    tx: AsyncConnection, letters: Collection[Prompt]
) -> Mapping[MessageKey, tuple[UUID, ...]]:
    """The same of several letters, by their keys."""
    unseen = or_(
        waiting_message.c.shown_at.is_(None), waiting_message.c.shown_at <= prompt_message.c.added_at
    )
    query = (
        select(
            prompt_message.c.practice_id,
            prompt_message.c.prompt_id,
            waiting_message.c.id,
            unseen.label("unseen"),
        )
        .join_from(prompt_message, waiting_message, _same_message())
        .where(
            among(
                prompt_message.c.practice_id,
                prompt_message.c.prompt_id,
                [(each.practice_id, each.id) for each in letters],
            ),
            waiting_message.c.closed_at.is_(None),
        )
        .order_by(waiting_message.c.id)
    )
    found: dict[MessageKey, list[UUID]] = {(each.practice_id, each.id): [] for each in letters}
    # A reminder is for what was shown and not opened, too.
    reminders = {(each.practice_id, each.id) for each in letters if each.kind is Kind.REMINDER}
    for practice_id, prompt_id, message_id, is_unseen in await tx.execute(query):
        if is_unseen or (practice_id, prompt_id) in reminders:
            found[practice_id, prompt_id].append(message_id)
    return {key: tuple(ids) for key, ids in found.items()}


async def spoken_for(tx: AsyncConnection, practice_id: UUID, prompt_id: UUID) -> tuple[UUID, ...]:
    """The messages that a letter spoke for when it went."""
    query = select(prompt_message.c.message_id).where(
        prompt_message.c.practice_id == practice_id,
        prompt_message.c.prompt_id == prompt_id,
        prompt_message.c.needed,
    )
    return tuple((await tx.execute(query.order_by(prompt_message.c.message_id))).scalars())


def leaving_out(needed: Mapping[MessageKey, Collection[UUID]]) -> Part:
    """Marks those of several letters' messages that they did not have to speak for."""
    return _LEAVE_OUT.of((*letter, ",".join(map(str, ids))) for letter, ids in needed.items())


def reminding_later(reminders: Mapping[MessageKey, datetime]) -> Part:
    """Reminds of several letters' messages, each letter's at its time, unless that was done before."""
    return _REMIND_LATER.of((*letter, at) for letter, at in reminders.items())


async def joinable_letters(
    tx: AsyncConnection, wanted: Mapping[PatientKey, MessageKey], since: datetime
) -> Mapping[PatientKey, UUID]:
    """For each patient a letter that waits to go and can speak for the message, locked; missing if none does.

    Not one that is in hand: its address may be an old one. Not one that is about to expire. And one that goes
    at once is for its own message until an attempt failed.
    """
    for_it = select(prompt_message.c.prompt_id).where(
        among(prompt_message.c.practice_id, prompt_message.c.message_id, list(wanted.values()))
    )
    query = (
        select(prompt.c.practice_id, prompt.c.patient_id, prompt.c.id)
        .where(
            among(prompt.c.practice_id, prompt.c.patient_id, list(wanted)),
            prompt.c.state == "waiting",
            prompt.c.kind != Kind.REMINDER.value,
            or_(prompt.c.kind == Kind.GATHERED.value, prompt.c.attempts > 0, prompt.c.id.in_(for_it)),
            prompt.c.in_hand.is_(False),
            prompt.c.created_at > since,
        )
        .order_by(prompt.c.created_at, prompt.c.id)
        .with_for_update()
    )
    found: dict[PatientKey, UUID] = {}
    for row in await tx.execute(query):
        found.setdefault((row.practice_id, row.patient_id), row.id)
    return found


def _is(message: tuple[UUID, UUID]) -> ColumnElement[bool]:
    return and_(waiting_message.c.practice_id == message[0], waiting_message.c.id == message[1])


def _same_message() -> ColumnElement[bool]:
    return and_(
        waiting_message.c.practice_id == prompt_message.c.practice_id,
        waiting_message.c.id == prompt_message.c.message_id,
    )
