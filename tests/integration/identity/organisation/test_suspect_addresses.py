"""Addresses that refused a prompt, or whose reader is somebody else: told, and trusted again by staff."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.message import Message

from chassis.events import Event, envelop
from praxispost.identity.v1 import access_pb2
from praxispost.notifier.v1.events_pb2 import AddressSuspected, NotForMeReported
from services.identity.admission.reports import AddressReports
from tests.integration.identity.organisation.house import House, somebody
from tests.integration.identity.organisation.newcomer import access, access_of, correct, tasks
from tests.integration.identity.stage import reason

REFUSED = "notifier.address_suspected"
NOT_FOR_ME = "notifier.not_for_me_reported"


async def report(house: House, kind: str, practice_id: UUID, patient_id: str, contact_version: int) -> None:
    """What the inbox does with an event of the notifier."""
    data: Message = AddressSuspected(contact_version=contact_version)
    if kind == NOT_FOR_ME:
        data = NotForMeReported(contact_version=contact_version)
    event = Event(kind, practice_id, UUID(patient_id), contact_version, house.clock(), data)
    reports = AddressReports(house.clock)
    handler: Any = {REFUSED: reports.suspected, NOT_FOR_ME: reports.not_for_me}[kind]
    async with house.base.database.transaction((practice_id,)) as tx:
        await handler(tx, envelop(event, uuid4()))


async def confirm(house: House, practice_id: UUID, patient_id: str) -> bool:
    request = access_pb2.ConfirmAddressRequest(patient_id=patient_id)
    staff = house.caller("assistant", practice_id)
    return (await access_of(house).ConfirmAddress(request, metadata=staff)).confirmed


async def suspect(house: House, patient_id: str) -> bool:
    """What was last told of the address."""
    return (await house.events(patient_id))[-1][1].address_suspect


@pytest.mark.parametrize(("kind", "task"), [(REFUSED, "ADDRESS_SUSPECT"), (NOT_FOR_ME, "NOT_FOR_ME")])
async def test_a_suspect_address_is_a_task_until_staff_confirm_it(house: House, kind: str, task: str) -> None:
    practice = await house.practice()
    patient_id = (await house.patient(practice.id)).patient_id
    for _ in range(2):
        await report(house, kind, practice.id, patient_id, 1)
    assert await suspect(house, patient_id)
    seen = await access(house, practice.id, patient_id)
    assert (seen.address_refused, seen.not_for_me) == (kind == REFUSED, kind == NOT_FOR_ME)
    assert await confirm(house, practice.id, patient_id)
    assert not await suspect(house, patient_id)
    assert not await confirm(house, practice.id, patient_id)
    assert await tasks(house, practice.id) == [("opened", task, patient_id), ("closed", task, patient_id)]


async def test_a_new_address_ends_the_suspicion_and_the_old_ones_reports_say_nothing_of_it(
    house: House,
) -> None:
    practice = await house.practice()
    patient_id = (await house.patient(practice.id)).patient_id
    await report(house, REFUSED, practice.id, patient_id, 1)
    await correct(house, practice.id, patient_id, email=somebody().email)
    assert not await suspect(house, patient_id)
    assert (await tasks(house, practice.id))[-1] == ("closed", "ADDRESS_SUSPECT", patient_id)
    for kind in (REFUSED, NOT_FOR_ME):
        await report(house, kind, practice.id, patient_id, 1)
    assert not await suspect(house, patient_id)
    assert len(await tasks(house, practice.id)) == 2


async def test_a_new_number_alone_leaves_the_suspicion(house: House) -> None:
    practice = await house.practice()
    patient_id = (await house.patient(practice.id)).patient_id
    await report(house, NOT_FOR_ME, practice.id, patient_id, 1)
    await correct(house, practice.id, patient_id, mobile=somebody().mobile)
    assert await suspect(house, patient_id)


async def test_what_the_reader_says_outweighs_the_server(house: House) -> None:
    practice = await house.practice()
    patient_id = (await house.patient(practice.id)).patient_id
    for kind in (REFUSED, NOT_FOR_ME, REFUSED):
        await report(house, kind, practice.id, patient_id, 1)
    assert (await access(house, practice.id, patient_id)).not_for_me


async def test_there_must_be_an_address_to_confirm(house: House) -> None:
    practice = await house.practice()
    data = somebody()
    data.email = ""
    created = await house.patient(practice.id, data)
    assert await reason(confirm(house, practice.id, created.patient_id)) == "CONTACT_MISSING"
