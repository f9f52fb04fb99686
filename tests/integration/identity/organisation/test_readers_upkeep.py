"""What becomes of representations as time goes by: asked again at 14, told of before the end, ended."""

from datetime import date, datetime, timedelta

from praxispost.identity.v1 import readers_pb2
from services.identity.organisation import readers_upkeep
from tests.integration.identity.organisation.house import House, new_id, somebody
from tests.integration.identity.organisation.reader_answers import (
    AUTHORISATION,
    CUSTODY,
    asked,
    own_contact,
    readers,
    represented,
)
from tests.integration.identity.organisation.reading_rules import Pair
from tests.integration.identity.organisation.test_patients import update
from tests.integration.identity.organisation.test_readers import (
    CHILD_BORN,
    MOTHER_BORN,
    a_family,
    kinds,
    tasks,
)
from tests.integration.identity.stage import reason


async def look_after(house: House, later: timedelta = timedelta(0)) -> None:
    """What the worker does on a day to come."""

    def clock() -> datetime:
        return house.clock() + later

    upkeep = readers_upkeep(house.base, clock=clock, new_id=new_id)
    while await upkeep.check_some():
        pass


def turning(house: House, years: int, days: int) -> str:
    """The birth date of who has that age in so many days."""
    day = (house.clock() + timedelta(days=days)).date()
    return date(day.year - years, day.month, min(day.day, 28)).isoformat()


async def test_what_has_run_out_gives_no_access_also_before_the_worker_ends_it(house: House) -> None:
    house.clock.advance(timedelta(hours=(36 - house.clock().hour) % 24))  # to noon: it moves on meanwhile
    world, pair, mother, other = await a_family(house, child_born="1950-01-01")
    tomorrow = (house.clock() + timedelta(days=1)).date().isoformat()
    await represented(house, world.practices[0], other, mother, basis=AUTHORISATION, ends_on=tomorrow)
    await world.register(pair, MOTHER_BORN)
    assert await kinds(world) == {mother: "self", other: "representative"}
    house.clock.advance(timedelta(days=1))
    await world.accept_offers(world.logins[0], MOTHER_BORN)
    assert await kinds(world) == {mother: "self"}
    await look_after(house)
    question = (await readers(house, world.practices[0], other)).question
    assert question.cause == readers_pb2.QUESTION_CAUSE_REPRESENTATION_ENDED
    assert "patient.representation_end" in await house.audited(world.practices[0])


async def test_at_fourteen_it_is_asked_again_and_goes_on_until_answered(house: House) -> None:
    world, pair, mother, child = await a_family(house, child_born=turning(house, 14, 40))
    [practice_id] = world.practices
    await represented(house, practice_id, child, mother, basis=CUSTODY)
    await world.register(pair, MOTHER_BORN)
    await look_after(house)
    assert await asked(house, practice_id) == {}
    for _ in range(2):
        await look_after(house, timedelta(days=80))
    assert await asked(house, practice_id) == {child: {mother}}
    assert (await readers(house, practice_id, child)).question.cause == readers_pb2.QUESTION_CAUSE_FOURTEEN
    assert await kinds(world) == {mother: "self", child: "representative"}
    assert (await house.events(child))[-1][1].conflict
    assert await reason(own_contact(house, practice_id, child)) == "CONTACT_STILL_SHARED"
    await update(house, practice_id, child, email=somebody().email, mobile=somebody().mobile)
    assert await asked(house, practice_id) == {child: set()}
    assert not await own_contact(house, practice_id, child)
    assert await kinds(world) == {mother: "self"}


async def test_who_is_confirmed_at_fourteen_is_not_asked_about_again(house: House) -> None:
    world, _, mother, child = await a_family(house, child_born=turning(house, 14, 40))
    [practice_id] = world.practices
    await represented(house, practice_id, child, mother, basis=CUSTODY)
    await look_after(house, timedelta(days=80))
    house.clock.advance(timedelta(days=80))
    assert not await represented(house, practice_id, child, mother, basis=CUSTODY)
    await look_after(house, timedelta(days=81))
    assert await asked(house, practice_id) == {}


async def test_the_practice_is_told_before_the_eighteenth_birthday_and_asked_after_it(house: House) -> None:
    world, _, mother, child = await a_family(house, child_born=turning(house, 18, 60))
    [practice_id] = world.practices
    await represented(house, practice_id, child, mother, basis=CUSTODY)
    await look_after(house)
    assert await tasks(house, practice_id, child) == []
    await look_after(house, timedelta(days=55))
    assert await tasks(house, practice_id, child) == ["representation_ends"]
    await look_after(house, timedelta(days=100))
    assert await tasks(house, practice_id, child) == ["who_reads"]
    assert not (await readers(house, practice_id, child)).HasField("representation")


async def test_custody_does_not_outlast_the_birth_date_that_it_rests_on(house: House) -> None:
    world, pair, mother, child = await a_family(house)
    [practice_id] = world.practices
    await represented(house, practice_id, child, mother, basis=CUSTODY)
    await world.register(pair, MOTHER_BORN)
    await update(house, practice_id, child, birth_date="")
    assert await kinds(world) == {mother: "self"}


async def test_the_pair_that_mother_and_child_gave_up_opens_nothing(house: House) -> None:
    world, pair, mother, child = await a_family(house)
    [practice_id] = world.practices
    await represented(house, practice_id, child, mother, basis=CUSTODY)
    own = somebody()
    await update(house, practice_id, mother, mobile=own.mobile)
    # The child's record moved along: the old pair stands nowhere, so no SMS leaves and no code is right.
    assert await reason(world.register(pair, CHILD_BORN)) == "CODE_REFUSED"
    world.records[0].pair = Pair(pair.email, own.mobile)
    await world.register(world.records[0].pair, MOTHER_BORN)
    assert await kinds(world) == {mother: "self", child: "representative"}


async def test_a_stranger_who_gets_the_childs_pair_does_not_read(house: House) -> None:
    world, pair, mother, child = await a_family(house)
    [practice_id] = world.practices
    await represented(house, practice_id, child, mother, basis=CUSTODY)
    childs = Pair(pair.email, somebody().mobile)
    await update(house, practice_id, child, mobile=childs.mobile)
    assert await reason(world.register(childs, CHILD_BORN)) == "NOT_MATCHED"
    await world.register(pair, MOTHER_BORN)
    assert await kinds(world) == {mother: "self", child: "representative"}
