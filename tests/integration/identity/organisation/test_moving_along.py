"""Represented patients whose contact data are their representative's get the new ones with them."""

from uuid import UUID

import pytest

from praxispost.identity.v1 import imports_pb2, imports_pb2_grpc, patients_pb2
from tests.integration.identity.organisation.house import House, somebody
from tests.integration.identity.organisation.newcomer import Newcomer, correct, entitled
from tests.integration.identity.organisation.reader_answers import CUSTODY, end_representation, represented
from tests.integration.identity.organisation.reading import World
from tests.integration.identity.organisation.reading_rules import Pair

BORN = "2019-09-09"
MOTHERS = "1990-02-28"


async def record(house: House, practice_id: UUID, patient_id: str) -> patients_pb2.Patient:
    request = patients_pb2.GetPatientRequest(patient_id=patient_id)
    who = house.caller("assistant", practice_id)
    return (await house.patients.GetPatient(request, metadata=who)).patient


async def pair_of(house: House, practice_id: UUID, patient_id: str) -> tuple[str, str]:
    data = (await record(house, practice_id, patient_id)).data
    return data.email, data.mobile


async def family(house: House, practice_id: UUID, **childs: str) -> tuple[str, str, patients_pb2.PatientData]:
    """A mother who reads for her child: both records, and the mother's data; `childs` are the child's own."""
    mother = somebody(birth_date=MOTHERS)
    mother_id = (await house.patient(practice_id, mother)).patient_id
    child = {"email": mother.email, "mobile": mother.mobile, "birth_date": BORN, **childs}
    child_id = (await house.patient(practice_id, somebody(**child))).patient_id
    assert not await represented(house, practice_id, child_id, mother_id, basis=CUSTODY)
    return mother_id, child_id, mother


async def test_a_childs_record_gets_the_new_contact_data_of_who_reads(house: House) -> None:
    practice, new = await house.practice(), somebody()
    mother_id, child_id, mother = await family(house, practice.id)
    reader = await Newcomer(house, mother.email, mother.mobile).proven()
    session = (await reader.complete(MOTHERS)).session
    assert set(await entitled(house, session)) == {mother_id, child_id}
    await correct(house, practice.id, mother_id, email=new.email, mobile=new.mobile)
    assert await pair_of(house, practice.id, child_id) == (new.email, new.mobile)
    told = (await house.events(child_id))[-1][1]
    assert (told.contact_version, told.bound, told.conflict) == (2, False, False)
    assert (await house.audited(practice.id)).count("patient.contact_follows") == 1
    assert await entitled(house, session) == []
    again = await (await Newcomer(house, new.email, new.mobile).proven()).complete(MOTHERS)
    assert set(await entitled(house, again.session)) == {mother_id, child_id}


async def test_a_new_number_is_not_given_to_a_child_with_its_own(house: House) -> None:
    practice, new, own = await house.practice(), somebody(), somebody().mobile
    mother_id, child_id, _ = await family(house, practice.id, mobile=own)
    await correct(house, practice.id, mother_id, email=new.email, mobile=new.mobile)
    assert await pair_of(house, practice.id, child_id) == (new.email, own)


async def test_a_child_with_an_address_of_its_own_keeps_everything(house: House) -> None:
    practice, own, moved = await house.practice(), somebody(), somebody()
    mother_id, child_id, mother = await family(house, practice.id)
    await correct(house, practice.id, child_id, email=own.email)
    version = (await record(house, practice.id, child_id)).version
    await correct(house, practice.id, mother_id, email=moved.email, mobile=moved.mobile)
    assert await pair_of(house, practice.id, child_id) == (own.email, mother.mobile)
    assert (await house.events(child_id))[-1][1].contact_version == 2
    assert (await record(house, practice.id, child_id)).version > version


async def test_who_is_represented_no_more_keeps_everything(house: House) -> None:
    practice, new = await house.practice(), somebody()
    mother_id, child_id, mother = await family(house, practice.id)
    await end_representation(house, practice.id, child_id)
    await correct(house, practice.id, mother_id, email=new.email, mobile=new.mobile)
    assert await pair_of(house, practice.id, child_id) == (mother.email, mother.mobile)


async def test_who_verified_the_own_contact_data_keeps_them(house: House) -> None:
    practice, new, own = await house.practice(), somebody(), somebody().mobile
    mother_id, child_id, mother = await family(house, practice.id, mobile=own)
    await house.bind(practice.id, child_id)
    await correct(house, practice.id, mother_id, email=new.email)
    assert await pair_of(house, practice.id, child_id) == (mother.email, own)


async def test_where_the_new_address_is_anothers_it_is_asked_for_the_child_too(house: House) -> None:
    practice, stranger = await house.practice(), somebody()
    await house.patient(practice.id, stranger)
    mother_id, child_id, _ = await family(house, practice.id)
    await correct(house, practice.id, mother_id, email=stranger.email)
    assert (await house.events(mother_id))[-1][1].conflict
    assert (await house.events(child_id))[-1][1].conflict


@pytest.mark.parametrize("with_the_child", [False, True])
async def test_an_import_of_who_reads_moves_a_child_that_it_does_not_name(
    house: House, with_the_child: bool
) -> None:
    practice, new = await house.practice(), somebody(birth_date=MOTHERS)
    old = somebody(birth_date=MOTHERS)
    child = somebody(email=old.email, mobile=old.mobile, birth_date=BORN)
    await bring(house, practice.id, M1=old, C1=child)
    mother_id, child_id = await ids(house, practice.id)
    await represented(house, practice.id, child_id, mother_id, basis=CUSTODY)
    rows = {"M1": new, "C1": child} if with_the_child else {"M1": new}
    await bring(house, practice.id, **rows)
    expected = old if with_the_child else new
    assert await pair_of(house, practice.id, child_id) == (expected.email, expected.mobile)
    assert (await house.events(child_id))[-1][1].contact_version == (1 if with_the_child else 2)


async def test_a_child_moves_along_when_who_reads_changes_the_account(house: House) -> None:
    practice, new, own = await house.practice(), somebody(), somebody().mobile
    mother_id, child_id, mother = await family(house, practice.id, mobile=own)
    world = World(house, [practice.id])
    await world.register(Pair(mother.email, mother.mobile), MOTHERS)
    await world.change_contact(world.logins[0], Pair(new.email, mother.mobile))
    assert await pair_of(house, practice.id, mother_id) == (new.email, mother.mobile)
    assert await pair_of(house, practice.id, child_id) == (new.email, own)


async def bring(house: House, practice_id: UUID, **rows: patients_pb2.PatientData) -> None:
    part = imports_pb2.ImportPatientsRequest(
        rows=[imports_pb2.ImportRow(external_id=number, data=data) for number, data in rows.items()]
    )
    stub = imports_pb2_grpc.ImportServiceStub(house.channel)
    await stub.ImportPatients(iter([part]), metadata=house.caller("admin", practice_id))


async def ids(house: House, practice_id: UUID) -> list[str]:
    """The practice's records, who was born first before."""
    who = house.caller("assistant", practice_id)
    found = (await house.patients.ListPatients(patients_pb2.ListPatientsRequest(), metadata=who)).patients
    return [each.id for each in sorted(found, key=lambda each: each.data.birth_date)]
