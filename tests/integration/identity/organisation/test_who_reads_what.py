"""Whatever staff and persons do, in whatever order: nobody reads who is not verified or documented."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from chassis.grpc_client import AioRpcError
from praxispost.identity.v1.readers_pb2 import REPRESENTATION_BASIS_CUSTODY, Represented
from tests.integration.identity.organisation.house import House
from tests.integration.identity.organisation.reading import reason_of
from tests.integration.identity.organisation.reading_aims import aims
from tests.integration.identity.organisation.reading_operations import (
    EMAILS,
    MOBILES,
    PRACTICES,
    Operation,
    Town,
    beginnings,
    operations,
)
from tests.integration.identity.organisation.reading_rules import Before, amiss


async def follow(town: Town, chosen: list[Operation]) -> None:
    """One operation after the other; after each nothing is amiss."""
    for operation in chosen:
        try:
            await operation(town)
        except AioRpcError as error:
            reason_of(error)
        await town.look_around()


@given(beginnings, operations, aims, aims)
@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_nobody_reads_who_is_not_verified_or_documented(
    house: House, first: list[Operation], chosen: list[Operation], early: Operation, late: Operation
) -> None:
    await follow(await Town(house, PRACTICES).open(), [*first, early, *chosen, late])


async def a_reader(house: House) -> Town:
    """A town of one practice where somebody reads the own record."""
    town = await Town(house, 1).open()
    await town.create(town.practices[0], town.pairs[0], town.births[0])
    await town.register(town.pairs[0], town.births[0])
    return town


async def a_family(house: House) -> Town:
    """The same, with a child of whom staff have documented that the reader represents it."""
    town = await a_reader(house)
    await town.create(town.practices[0], town.pairs[0], town.births[2])
    parent, child = town.records
    await town.answer(child, _custody(child.patient_id, parent.patient_id))
    return town


def _custody(of: str, by: str) -> Represented:
    basis = REPRESENTATION_BASIS_CUSTODY
    return Represented(represented_patient_id=of, representative_id=by, basis=basis)


async def test_the_town_deletes_accounts(house: House) -> None:
    town = await a_reader(house)
    assert await town.readable(town.logins[0])
    await town.delete_account(town.logins[0])
    assert await town.readable(town.logins[0]) == ()


async def test_the_town_lets_the_right_people_read(house: House) -> None:
    town = await a_family(house)
    read = await town.readable(town.logins[0])
    assert {str(each.subject_id) for each in read} == {each.patient_id for each in town.records}
    await town.look_around()
    await town.end_representation(town.records[1])
    await town.look_around()
    assert len(await town.readable(town.logins[0])) == 1


async def test_the_town_lets_in_who_waited_for_a_correction(house: House) -> None:
    town = await Town(house, 1).open()
    await town.create(town.practices[0], town.pairs[0], town.births[0])
    with pytest.raises(AioRpcError):
        await town.register(town.pairs[0], town.births[1])
    await town.edit_birth_date(town.records[0], town.births[1])
    await town.work_off()
    await town.come_back(town.pairs[0])
    assert len(await town.readable(town.logins[0])) == 1
    await town.look_around()
    await town.reset_password(town.pairs[0])
    await town.log_in(town.logins[0])
    assert len(await town.readable(town.logins[0])) == 1


async def test_the_rules_see_who_reads_with_another_pair(house: House) -> None:
    town = await a_reader(house)
    town.records[0].pair = town.pairs[1]
    assert "reads with another pair" in str(amiss(town.known(), await town.read(), Before()))


async def test_the_rules_see_who_never_gave_the_birth_date(house: House) -> None:
    town = await a_reader(house)
    town.given.clear()
    assert "never given" in str(amiss(town.known(), await town.read(), Before()))


async def test_the_rules_see_who_was_bound_while_it_was_asked_who_reads(house: House) -> None:
    town = await a_reader(house)
    town.records[0].asked = True
    closed = Before(closed=frozenset({town.records[0].patient_id}))
    assert "it is asked who reads" in str(amiss(town.known(), await town.read(), closed))


async def test_the_rules_see_who_was_bound_by_a_pair_that_another_record_has(house: House) -> None:
    town = await a_family(house)
    town.documents.clear()
    said = str(amiss(town.known(), await town.read(), Before()))
    assert "another record has the pair" in said
    assert "represents without a document" in said


async def test_the_rules_see_a_document_that_has_run_out(house: House) -> None:
    town = await a_family(house)
    read = await town.read()
    town.house.clock.advance(timedelta(days=365 * 12))
    said = str(amiss(town.known(), read, Before()))
    town.house.clock.advance(timedelta(days=-365 * 12))
    assert "represents without a document" in said


async def test_the_rules_see_an_address_of_two_that_nobody_is_asked_about(house: House) -> None:
    town = await a_reader(house)
    await town.create(town.practices[0], town.pairs[1], town.births[1])
    await town.look_around()
    town.records[1].asked = False
    assert "nobody is asked" in str(amiss(town.known(), [], Before()))


@pytest.mark.parametrize("other", [1, EMAILS * MOBILES - 1])
async def test_an_edited_record_is_no_longer_read(house: House, other: int) -> None:
    town = await a_reader(house)
    await town.edit(town.records[0], town.pairs[other])
    await town.look_at_records()
    assert await town.readable(town.logins[0]) == ()
