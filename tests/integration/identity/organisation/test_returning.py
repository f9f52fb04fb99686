"""What a person read before staff changed the record comes back once its pair is the account's, verified."""

import pytest

from chassis.grpc_client import AioRpcError
from praxispost.identity.v1 import patients_pb2
from tests.integration.identity.organisation.house import House
from tests.integration.identity.organisation.newcomer import access, correct
from tests.integration.identity.organisation.reading import World
from tests.integration.identity.organisation.reading_operations import new_pairs
from tests.integration.identity.organisation.reading_rules import Login, Pair, Record

BORN = "1961-04-12"
OTHER_DAY = "1990-02-28"


async def bound(house: House) -> tuple[World, Record, Login, list[Pair]]:
    """A person who reads the own record; and pairs of the same addresses and numbers, the person's first."""
    practice, pairs = await house.practice(), new_pairs()
    world = World(house, [practice.id])
    await world.create(practice.id, pairs[0], BORN)
    await world.register(pairs[0], BORN)
    assert await reads(world, world.logins[0]) == [world.records[0].patient_id]
    return world, world.records[0], world.logins[0], pairs


async def reads(world: World, login: Login) -> list[str]:
    return sorted(str(each.subject_id) for each in await world.readable(login))


def other_address(pairs: list[Pair]) -> Pair:
    """With the person's number."""
    return next(each for each in pairs if each.mobile == pairs[0].mobile and each.email != pairs[0].email)


async def test_who_proves_the_address_that_staff_entered_reads_again(house: House) -> None:
    world, record, login, pairs = await bound(house)
    await world.edit(record, other_address(pairs))
    await world.log_in(login)
    assert await reads(world, login) == []
    await world.change_contact(login, other_address(pairs))
    assert await reads(world, login) == [record.patient_id]
    seen = await access(house, record.practice_id, record.patient_id)
    assert (seen.bound, seen.suspended) == (True, False)
    assert (await house.events(record.patient_id))[-1][1].bound


async def test_who_logs_in_after_the_old_pair_came_back_reads_again(house: House) -> None:
    world, record, login, pairs = await bound(house)
    await world.edit(record, other_address(pairs))
    await world.edit(record, pairs[0])
    assert await reads(world, login) == []
    await world.log_in(login)
    assert await reads(world, login) == [record.patient_id]
    assert (await house.audited(record.practice_id)).count("bind") == 2


async def test_it_comes_and_goes_as_often_as_staff_change_the_pair(house: House) -> None:
    world, record, login, pairs = await bound(house)
    for _ in range(2):
        await world.edit(record, pairs[1])
        await world.log_in(login)
        assert await reads(world, login) == []
        await world.edit(record, pairs[0])
        await world.log_in(login)
        assert await reads(world, login) == [record.patient_id]


async def test_another_birth_date_must_be_given_first(house: House) -> None:
    world, record, login, pairs = await bound(house)
    await world.edit(record, pairs[1])
    await world.edit(record, pairs[0])
    await correct(house, record.practice_id, record.patient_id, birth_date=OTHER_DAY)
    await world.log_in(login)
    assert await reads(world, login) == []
    with pytest.raises(AioRpcError):
        await world.accept_offers(login, BORN)
    await world.accept_offers(login, OTHER_DAY)
    assert await reads(world, login) == [record.patient_id]


async def test_nothing_comes_back_while_it_is_asked_who_reads(house: House) -> None:
    world, record, login, pairs = await bound(house)
    await world.edit(record, pairs[1])
    await world.create(record.practice_id, pairs[0], OTHER_DAY)
    await world.edit(record, pairs[0])
    await world.log_in(login)
    assert await reads(world, login) == []


async def test_who_proved_the_pair_in_between_does_not_read_after_it_left(house: House) -> None:
    world, record, login, pairs = await bound(house)
    await world.edit(record, pairs[1])
    await world.register(pairs[1], BORN)
    assert await reads(world, world.logins[1]) == [record.patient_id]
    await world.edit(record, pairs[0])
    for each in world.logins:
        await world.log_in(each)
    assert await reads(world, login) == [record.patient_id]
    assert await reads(world, world.logins[1]) == []


async def test_a_record_without_birth_date_comes_back_too(house: House) -> None:
    practice, pairs = await house.practice(), new_pairs()
    world = World(house, [practice.id])
    await world.create(practice.id, pairs[0], "")
    await world.register(pairs[0], BORN)
    [record], [login] = world.records, world.logins
    await world.edit(record, pairs[1])
    await world.edit(record, pairs[0])
    await world.log_in(login)
    assert await reads(world, login) == [record.patient_id]
    request = patients_pb2.GetPatientRequest(patient_id=record.patient_id)
    assert (await house.patients.GetPatient(request, metadata=world.staff(record))).patient.contact.bound
