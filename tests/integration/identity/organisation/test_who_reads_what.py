"""Whatever staff and persons do, in whatever order: nobody reads who is not verified or documented."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chassis.grpc_client import AioRpcError
from praxispost.identity.v1.readers_pb2 import (
    REPRESENTATION_BASIS_AUTHORISATION,
    REPRESENTATION_BASIS_CUSTODY,
    OwnContact,
    Represented,
    SamePerson,
)
from tests.integration.identity.organisation.house import House, somebody
from tests.integration.identity.organisation.reading import Answer, Pair, World, reason_of

BIRTH_DATES = ("1961-04-12", "1990-02-28", "2019-09-09")
EMAILS, MOBILES, RECORDS, PRACTICES = 2, 3, 4, 2

Operation: TypeAlias = Callable[[World, list[Pair]], Awaitable[None]]

ANSWERS: tuple[Callable[[str, str], Answer], ...] = (
    lambda asked, other: SamePerson(other_patient_id=other, archived_patient_id=asked),
    lambda asked, other: SamePerson(other_patient_id=other, archived_patient_id=other),
    lambda asked, other: Represented(
        represented_patient_id=asked, representative_id=other, basis=REPRESENTATION_BASIS_CUSTODY
    ),
    lambda asked, other: Represented(
        represented_patient_id=asked,
        representative_id=other,
        basis=REPRESENTATION_BASIS_AUTHORISATION,
        basis_note="Vollmacht vom 3. März",
    ),
    lambda asked, other: OwnContact(),
)

numbers = st.integers(0, RECORDS - 1)
places = st.integers(0, EMAILS * MOBILES - 1)
born = st.sampled_from(BIRTH_DATES)


@st.composite
def creating(draw: st.DrawFn) -> Operation:
    practice, pair, birth_date = draw(st.integers(0, PRACTICES - 1)), draw(places), draw(born | st.just(""))

    async def create(world: World, pairs: list[Pair]) -> None:
        if len(world.records) < RECORDS:
            await world.create(world.practices[practice], pairs[pair], birth_date)

    return create


@st.composite
def editing(draw: st.DrawFn) -> Operation:
    record, pair = draw(numbers), draw(places)

    async def edit(world: World, pairs: list[Pair]) -> None:
        if record < len(world.records):
            await world.edit(world.records[record], pairs[pair])

    return edit


@st.composite
def registering(draw: st.DrawFn) -> Operation:
    pair, birth_date = draw(places), draw(born)

    async def register(world: World, pairs: list[Pair]) -> None:
        await world.register(pairs[pair], birth_date)

    return register


@st.composite
def accepting(draw: st.DrawFn) -> Operation:
    login, birth_date = draw(numbers), draw(born)

    async def accept(world: World, _: list[Pair]) -> None:
        if login < len(world.logins):
            await world.accept_offers(world.logins[login], birth_date)

    return accept


@st.composite
def bringing(draw: st.DrawFn) -> Operation:
    practice, number, pair = draw(st.integers(0, PRACTICES - 1)), draw(st.integers(1, 2)), draw(places)
    birth_date = draw(born)

    async def bring(world: World, pairs: list[Pair]) -> None:
        await world.bring(world.practices[practice], f"P{number}", pairs[pair], birth_date)

    return bring


@st.composite
def passing(draw: st.DrawFn) -> Operation:
    hours = draw(st.integers(1, 24 * 20))

    async def let_pass(world: World, _: list[Pair]) -> None:
        world.house.clock.advance(timedelta(hours=hours))

    return let_pass


@st.composite
def answering(draw: st.DrawFn) -> Operation:
    asked, other, kind = draw(numbers), draw(numbers), draw(st.sampled_from(ANSWERS))

    async def answer(world: World, _: list[Pair]) -> None:
        if max(asked, other) < len(world.records):
            of, by = world.records[asked], world.records[other]
            await world.answer(of, kind(of.patient_id, by.patient_id))

    return answer


@st.composite
def ending(draw: st.DrawFn) -> Operation:
    record = draw(numbers)

    async def end(world: World, _: list[Pair]) -> None:
        if record < len(world.records):
            await world.end_representation(world.records[record])

    return end


@st.composite
def changing(draw: st.DrawFn) -> Operation:
    login, pair = draw(numbers), draw(places)

    async def change(world: World, pairs: list[Pair]) -> None:
        if login < len(world.logins):
            await world.change_contact(world.logins[login], pairs[pair])

    return change


@st.composite
def deleting(draw: st.DrawFn) -> Operation:
    login = draw(numbers)

    async def delete(world: World, _: list[Pair]) -> None:
        if login < len(world.logins):
            await world.delete_account(world.logins[login])

    return delete


operations = st.lists(
    creating()
    | creating()
    | registering()
    | registering()
    | editing()
    | accepting()
    | answering()
    | answering()
    | ending()
    | changing()
    | deleting()
    | bringing()
    | passing(),
    min_size=6,
    max_size=20,
)


def new_pairs() -> list[Pair]:
    """All pairs of a few addresses and numbers that nothing has used before."""
    people = [somebody() for _ in range(max(EMAILS, MOBILES))]
    return [Pair(one.email, other.mobile) for one in people[:EMAILS] for other in people[:MOBILES]]


@given(operations)
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_nobody_reads_who_is_not_verified_or_documented(house: House, chosen: list[Operation]) -> None:
    world = World(house, [(await house.practice()).id for _ in range(PRACTICES)])
    pairs = new_pairs()
    for operation in chosen:
        try:
            await operation(world, pairs)
        except AioRpcError as error:
            reason_of(error)
        await world.look_at_records()
        for login in world.logins:
            for entitlement in await world.readable(login):
                assert world.may_read(login, entitlement), (login, entitlement, world.records)


async def test_the_world_deletes_accounts(house: House) -> None:
    practice = await house.practice()
    world, pair = World(house, [practice.id]), new_pairs()[0]
    await world.create(practice.id, pair, BIRTH_DATES[0])
    await world.register(pair, BIRTH_DATES[0])
    assert await world.readable(world.logins[0])
    await world.delete_account(world.logins[0])
    assert await world.readable(world.logins[0]) == ()


async def test_the_world_lets_the_right_person_read(house: House) -> None:
    practice = await house.practice()
    world, pair = World(house, [practice.id]), new_pairs()[0]
    await world.create(practice.id, pair, BIRTH_DATES[0])
    await world.register(pair, BIRTH_DATES[0])
    [entitlement] = await world.readable(world.logins[0])
    assert world.may_read(world.logins[0], entitlement)


async def test_the_world_lets_a_documented_representative_read(house: House) -> None:
    practice = await house.practice()
    world, pair = World(house, [practice.id]), new_pairs()[0]
    await world.create(practice.id, pair, BIRTH_DATES[0])
    await world.register(pair, BIRTH_DATES[0])
    await world.create(practice.id, pair, BIRTH_DATES[2])
    parent, child = world.records
    assert len(await world.readable(world.logins[0])) == 1
    await world.answer(child, ANSWERS[2](child.patient_id, parent.patient_id))
    read = await world.readable(world.logins[0])
    assert {str(each.subject_id) for each in read} == {parent.patient_id, child.patient_id}
    assert all(world.may_read(world.logins[0], each) for each in read)
    await world.end_representation(child)
    assert len(await world.readable(world.logins[0])) == 1


async def test_the_model_sees_a_wrong_reader(house: House) -> None:
    practice = await house.practice()
    pairs = new_pairs()
    world = World(house, [practice.id])
    await world.create(practice.id, pairs[0], BIRTH_DATES[0])
    await world.register(pairs[0], BIRTH_DATES[0])
    [entitlement] = await world.readable(world.logins[0])
    world.records[0].pair = pairs[1]
    assert not world.may_read(world.logins[0], entitlement)


@pytest.mark.parametrize("other", [1, EMAILS * MOBILES - 1])
async def test_an_edited_record_is_no_longer_read(house: House, other: int) -> None:
    practice = await house.practice()
    pairs = new_pairs()
    world = World(house, [practice.id])
    await world.create(practice.id, pairs[0], BIRTH_DATES[0])
    await world.register(pairs[0], BIRTH_DATES[0])
    await world.edit(world.records[0], pairs[other])
    await world.look_at_records()
    assert await world.readable(world.logins[0]) == ()
