"""What hardly ever happens by chance in the small world of `reading`, step by step, amid all that is there.

Each takes what it needs where the world has it, and makes it where not; between its steps it holds what
stands against the rules.
"""

from datetime import timedelta

from hypothesis import strategies as st

from chassis.grpc_client import AioRpcError
from tests.integration.identity.organisation.reading import reason_of
from tests.integration.identity.organisation.reading_operations import (
    Operation,
    Town,
    documented,
    log_in_again,
    mostly,
    new_pairs,
    picked,
    places,
    records,
)
from tests.integration.identity.organisation.reading_rules import Pair, Record

TRIES = 3
SOON_OF_AGE = 4


@st.composite
def guessing(draw: st.DrawFn) -> Operation:
    """Three wrong birth dates, and then the right one; perhaps staff have released it."""
    record, known, released = draw(records), draw(st.booleans()), not draw(mostly)

    async def guess(town: Town) -> None:
        pairs = {each.pair for each in town.logins}
        waiting = [each for each in _here(town) if each.birth_date and each.pair not in pairs]
        chosen = picked(waiting, record) if known else None
        chosen = chosen or await _newcomer(town, town.births[0])
        registration = await town.prove(chosen.pair)
        for birth_date in [each for each in town.births if each != chosen.birth_date][:TRIES]:
            try:
                await town.complete(chosen.pair, registration, birth_date)
            except AioRpcError as error:
                reason_of(error)
        await town.look_around()
        if released:
            await town.release_birth_date(chosen)
        await town.complete(chosen.pair, registration, chosen.birth_date)

    return guess


@st.composite
def going_away_and_back(draw: st.DrawFn) -> Operation:
    """Who reads loses the record, which gets the old contact data back, and perhaps another birth date."""
    record, away, other, alone = draw(records), draw(places), draw(mostly), draw(mostly)

    async def go(town: Town) -> None:
        # Who shares the address would be asked about on the way back.
        reader = await _reader(town, record, alone=alone)
        before = reader.pair
        await town.edit(reader, town.pairs[away] if other else _new_pair())
        await town.look_around()
        born = [each for each in town.births if each != reader.birth_date]
        if other:
            await town.edit_birth_date(reader, born[away % len(born)])
        await town.edit(reader, before)
        await log_in_again(town)

    return go


@st.composite
def moving_to_anothers(draw: st.DrawFn) -> Operation:
    """Who reads for a child gets the contact data of somebody else, by either side; the child too."""
    record, known = draw(records), draw(st.booleans())

    async def move(town: Town) -> None:
        reader, _ = await _family(town, record)
        others = [
            each
            for each in _here(town)
            if each.practice_id == reader.practice_id and each.pair.email != reader.pair.email
        ]
        other = picked(others, record) if known else None
        other = other or await _newcomer(town, town.births[1], reader)
        account = picked([each for each in town.logins if each.pair == reader.pair], 0)
        if account is not None and record % 2 == 0:
            await town.change_contact(account, other.pair)
        else:
            await town.edit(reader, other.pair)

    return move


@st.composite
def coming_of_age(draw: st.DrawFn) -> Operation:
    """A child turns 18; whoever read for it logs in again, before or after the worker looks at it."""
    record, worked_off = draw(records), draw(st.booleans())

    async def come(town: Town) -> None:
        _, child = await _family(town, record)
        await town.edit_birth_date(child, town.births[SOON_OF_AGE])
        await town.look_around()
        town.house.clock.advance(timedelta(days=15))
        if worked_off:
            await town.work_off()
        await log_in_again(town)

    return come


def _new_pair() -> Pair:
    return new_pairs()[0]


def _here(town: Town) -> list[Record]:
    return [each for each in town.records if not each.archived and not each.asked and not each.locked]


async def _newcomer(town: Town, born: str, like: Record | None = None) -> Record:
    """A record of somebody who shares nothing with anybody; in a practice where somebody is."""
    practice_id = like.practice_id if like is not None else town.practices[0]
    await town.create(practice_id, _new_pair(), born)
    return town.records[-1]


def _shares(town: Town, record: Record) -> bool:
    return any(
        each.pair.email == record.pair.email and each.practice_id == record.practice_id
        for each in town.records
        if each is not record and not each.archived
    )


async def _reader(town: Town, place: int, *, alone: bool = False) -> Record:
    """The record of an adult who reads it, and for whom nobody else does; perhaps with an address alone."""
    pairs = {each.pair for each in town.logins}
    reading = [
        each
        for each in _here(town)
        if each.pair in pairs
        and each.birth_date
        and not each.is_minor(town.today)
        and each.patient_id not in town.documents
        and not (alone and _shares(town, each))
    ]
    reader = picked(reading, place)
    if reader is None:
        reader = await _newcomer(town, town.births[0])
        await town.register(reader.pair, reader.birth_date)
    return reader


async def _family(town: Town, place: int) -> tuple[Record, Record]:
    """Somebody who reads for a child, and the child."""
    known = {each.patient_id: each for each in _here(town)}
    children = [
        known[of]
        for of, document in town.documents.items()
        if document.custody and {of, document.by} <= set(known) and known[of].pair == known[document.by].pair
    ]
    child = picked(children, place)
    if child is not None:
        return known[town.documents[child.patient_id].by], child
    parent = await _reader(town, place)
    await town.create(parent.practice_id, parent.pair, town.births[2])
    child = town.records[-1]
    await town.answer(child, documented("custody", child.patient_id, parent.patient_id))
    return parent, child


aims = guessing() | going_away_and_back() | moving_to_anothers() | coming_of_age()
