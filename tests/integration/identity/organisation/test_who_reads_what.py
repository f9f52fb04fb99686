"""Whatever staff and persons do, in whatever order: nobody reads who is not verified or documented."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.grpc_client import AioRpcError
from tests.integration.identity.organisation.house import House, somebody
from tests.integration.identity.organisation.reading import Pair, World, reason_of

BIRTH_DATES = ("1961-04-12", "1990-02-28")
EMAILS, MOBILES, RECORDS, PRACTICES = 2, 3, 4, 2

Operation: TypeAlias = Callable[[World, list[Pair]], Awaitable[None]]

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
    record, pair = draw(st.integers(0, RECORDS - 1)), draw(places)

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
    login, birth_date = draw(st.integers(0, 3)), draw(born)

    async def accept(world: World, _: list[Pair]) -> None:
        if login < len(world.logins):
            await world.accept_offers(world.logins[login], birth_date)

    return accept


operations = st.lists(creating() | editing() | registering() | accepting(), min_size=4, max_size=14)


def new_pairs() -> list[Pair]:
    """All pairs of a few addresses and numbers that nothing has used before."""
    people = [somebody() for _ in range(max(EMAILS, MOBILES))]
    return [Pair(one.email, other.mobile) for one in people[:EMAILS] for other in people[:MOBILES]]


@given(operations)
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
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
        for login in world.logins:
            for entitlement in await world.readable(login):
                assert world.may_read(login, entitlement), (login, entitlement, world.records)


async def test_the_world_lets_the_right_person_read(house: House) -> None:
    practice = await house.practice()
    world, pair = World(house, [practice.id]), new_pairs()[0]
    await world.create(practice.id, pair, BIRTH_DATES[0])
    await world.register(pair, BIRTH_DATES[0])
    [entitlement] = await world.readable(world.logins[0])
    assert world.may_read(world.logins[0], entitlement)


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
    assert await world.readable(world.logins[0]) == ()
