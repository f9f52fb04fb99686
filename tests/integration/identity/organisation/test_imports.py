"""Imports: repeatable, never over what a person has verified, and counted row by row."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest

from praxispost.identity.v1 import imports_pb2, imports_pb2_grpc, patients_pb2
from tests.integration.identity.organisation.house import House, both, somebody
from tests.integration.identity.organisation.newcomer import Newcomer, correct, entitled, look, tasks
from tests.integration.identity.organisation.reader_answers import CUSTODY, represented
from tests.integration.identity.stage import reason

BORN = "1961-04-12"
CREATED = imports_pb2.IMPORT_OUTCOME_CREATED
UPDATED = imports_pb2.IMPORT_OUTCOME_UPDATED
UNCHANGED = imports_pb2.IMPORT_OUTCOME_UNCHANGED
DIFFERS = imports_pb2.IMPORT_OUTCOME_DIFFERS
REJECTED = imports_pb2.IMPORT_OUTCOME_REJECTED


def row(number: str, data: patients_pb2.PatientData) -> imports_pb2.ImportRow:
    return imports_pb2.ImportRow(external_id=number, data=data)


def imports_of(house: House) -> "imports_pb2_grpc.ImportServiceAsyncStub":
    return imports_pb2_grpc.ImportServiceStub(house.channel)


async def taken(
    house: House, practice_id: UUID, *parts: Sequence[imports_pb2.ImportRow]
) -> imports_pb2.ImportPatientsResponse:
    """What became of the rows of an import in these parts."""

    async def sent() -> AsyncIterator[imports_pb2.ImportPatientsRequest]:
        for part in parts:
            yield imports_pb2.ImportPatientsRequest(rows=part)

    program = house.caller("practice_service", practice_id)
    return await imports_of(house).ImportPatients(sent(), metadata=program)


async def records(house: House, practice_id: UUID) -> list[patients_pb2.Patient]:
    request = patients_pb2.ListPatientsRequest(page_size=200)
    answer = await house.patients.ListPatients(request, metadata=house.caller("admin", practice_id))
    return list(answer.patients)


async def difference(
    house: House, practice_id: UUID, patient_id: str
) -> imports_pb2.GetImportDifferenceResponse:
    request = imports_pb2.GetImportDifferenceRequest(patient_id=patient_id)
    staff = house.caller("assistant", practice_id)
    return await imports_of(house).GetImportDifference(request, metadata=staff)


async def keep(house: House, practice_id: UUID, patient_id: str) -> bool:
    request = imports_pb2.KeepContactRequest(patient_id=patient_id)
    staff = house.caller("assistant", practice_id)
    return (await imports_of(house).KeepContact(request, metadata=staff)).closed


async def a_reader(house: House) -> tuple[UUID, str, patients_pb2.PatientData, str]:
    """A practice with one imported patient who has registered: practice, patient, data, session."""
    practice, data = await house.practice(), somebody()
    await taken(house, practice.id, [row("4711", data)])
    [record] = await records(house, practice.id)
    session = (await (await Newcomer(house, data.email, data.mobile).proven()).complete(BORN)).session
    return practice.id, record.id, data, session


async def test_the_same_import_again_changes_nothing(house: House) -> None:
    practice = await house.practice()
    rows = [row(str(number), somebody(given_name=f"Person {number}")) for number in range(250)]
    first = await taken(house, practice.id, rows[:200], rows[200:])
    assert list(first.outcomes) == [CREATED] * 250
    assert first.created == 250
    again = await taken(house, practice.id, rows)
    assert list(again.outcomes) == [UNCHANGED] * 250
    assert (again.unchanged, again.created) == (250, 0)
    found = await house.found(practice.id, "Person 42")
    assert len(found) >= 1


async def test_a_row_changes_what_it_names_and_leaves_what_it_does_not(house: House) -> None:
    practice, data = await house.practice(), somebody()
    await taken(house, practice.id, [row("1", data)])
    moved = patients_pb2.PatientData(family_name="Neu", mobile=somebody().mobile)
    assert list((await taken(house, practice.id, [row("1", moved)])).outcomes) == [UPDATED]
    [record] = await records(house, practice.id)
    assert (record.data.given_name, record.data.family_name) == (data.given_name, "Neu")
    assert (record.data.email, record.data.mobile) == (data.email, moved.mobile)
    assert (await house.events(record.id))[-1][1].contact_version == 2


async def test_a_later_part_finds_the_records_of_those_before_it(house: House) -> None:
    practice, data = await house.practice(), somebody()
    moved = patients_pb2.PatientData(mobile=somebody().mobile)
    others = [row(str(number), somebody()) for number in range(2, 100)]
    answer = await taken(house, practice.id, [row("1", data), *others], [row("1", moved)], [row("1", moved)])
    assert list(answer.outcomes) == [CREATED] * 99 + [UPDATED, UNCHANGED]
    mobiles = [record.data.mobile for record in await records(house, practice.id)]
    assert (len(mobiles), moved.mobile in mobiles, data.mobile in mobiles) == (99, True, False)


async def test_the_others_are_told_of_new_records_as_they_are(house: House) -> None:
    practice, shared = await house.practice(), somebody()
    silent = patients_pb2.PatientData(given_name="Ohne", family_name="Kontakt", birth_date=BORN)
    await taken(
        house, practice.id, [row("1", somebody()), row("2", silent), row("3", shared), row("4", shared)]
    )
    for record in await records(house, practice.id):
        _, event = (await house.events(record.id))[-1]
        assert (event.has_email, event.has_mobile) == (bool(record.data.email), bool(record.data.mobile))
        assert (event.contact_version, event.conflict) == (1, record.contact.conflict)
        assert not any((event.bound, event.objected, event.deceased, event.archived))


async def test_a_bad_row_keeps_no_good_one_out(house: House) -> None:
    practice = await house.practice()
    rows = [
        row("1", somebody()),
        row("", somebody()),
        row("3", somebody(mobile="+49 30 123456")),
        row("4", patients_pb2.PatientData(given_name="Nur")),
        row("5", somebody()),
    ]
    answer = await taken(house, practice.id, rows)
    assert list(answer.outcomes) == [CREATED, REJECTED, REJECTED, REJECTED, CREATED]
    assert (answer.created, answer.rejected) == (2, 3)
    assert [(each.row, each.field) for each in answer.rejections] == [
        (1, "external_id"),
        (2, "data.mobile"),
        (3, "data.family_name"),
    ]


async def test_verified_contact_data_stay_and_the_practice_decides(house: House) -> None:
    practice_id, patient_id, data, session = await a_reader(house)
    other = somebody(family_name="Heirat")
    assert list((await taken(house, practice_id, [row("4711", other)])).outcomes) == [DIFFERS]
    [record] = await records(house, practice_id)
    assert (record.data.email, record.data.mobile) == (data.email, data.mobile)
    assert record.data.family_name == "Heirat"
    assert await entitled(house, session) == [patient_id]
    open_one = await difference(house, practice_id, patient_id)
    assert (open_one.open, open_one.email, open_one.mobile) == (True, other.email, other.mobile)

    assert await keep(house, practice_id, patient_id)
    assert not await keep(house, practice_id, patient_id)
    assert not (await difference(house, practice_id, patient_id)).open
    assert list((await taken(house, practice_id, [row("4711", other)])).outcomes) == [DIFFERS]
    assert not (await difference(house, practice_id, patient_id)).open, "it was answered"
    told = await tasks(house, practice_id)
    assert told == [("opened", "IMPORT_DIFFERS", patient_id), ("closed", "IMPORT_DIFFERS", patient_id)]


async def test_the_pair_that_a_representative_verified_stays_with_the_represented(house: House) -> None:
    practice_id, mother, data, session = await a_reader(house)
    child = somebody(email=data.email, mobile=data.mobile, birth_date="2018-09-10")
    await taken(house, practice_id, [row("4712", child)])
    [of_child] = [each for each in await records(house, practice_id) if each.id != mother]
    await represented(house, practice_id, of_child.id, mother, basis=CUSTODY)
    assert set(await entitled(house, session)) == {mother, of_child.id}
    assert list((await taken(house, practice_id, [row("4712", somebody())])).outcomes) == [DIFFERS]
    [of_child] = [each for each in await records(house, practice_id) if each.id != mother]
    assert (of_child.data.email, of_child.data.mobile) == (data.email, data.mobile)
    assert (await difference(house, practice_id, of_child.id)).open


async def test_taking_the_imported_contact_over_closes_the_task_and_suspends(house: House) -> None:
    practice_id, patient_id, _, session = await a_reader(house)
    other = somebody()
    await taken(house, practice_id, [row("4711", other)])
    await correct(house, practice_id, patient_id, email=other.email, mobile=other.mobile)
    assert await entitled(house, session) == []
    assert (await tasks(house, practice_id))[-1] == ("closed", "IMPORT_DIFFERS", patient_id)
    assert list((await taken(house, practice_id, [row("4711", other)])).outcomes) == [UNCHANGED]


async def test_an_import_does_not_undo_what_staff_corrected_of_a_verified_contact(house: House) -> None:
    practice_id, patient_id, data, session = await a_reader(house)
    newer = somebody().mobile
    await correct(house, practice_id, patient_id, mobile=newer)
    assert list((await taken(house, practice_id, [row("4711", data)])).outcomes) == [DIFFERS]
    [record] = await records(house, practice_id)
    assert record.data.mobile == newer
    assert await entitled(house, session) == []


async def test_an_imported_correction_lets_in_who_waits(house: House) -> None:
    practice, data = await house.practice(), somebody(birth_date="1990-02-28")
    await taken(house, practice.id, [row("1", data)])
    person = await Newcomer(house, data.email, data.mobile).proven()
    assert await reason(person.complete(BORN)) == "NOT_MATCHED"
    await look(house)
    data.birth_date = BORN
    await taken(house, practice.id, [row("1", data)])
    await look(house)
    [record] = await records(house, practice.id)
    assert record.contact.bound


async def test_two_imports_at_once_make_each_record_once(house: House) -> None:
    practice = await house.practice()
    rows = [row(str(number), somebody()) for number in range(30)]
    answers = await both(taken(house, practice.id, rows), taken(house, practice.id, rows[::-1]))
    created = [each.created for each in answers if isinstance(each, imports_pb2.ImportPatientsResponse)]
    assert sum(created) == 30
    assert len(await records(house, practice.id)) == 30


async def test_the_same_number_is_another_patient_in_another_practice(house: House) -> None:
    ours, theirs = await house.practice(), await house.practice()
    for practice in (ours, theirs):
        assert (await taken(house, practice.id, [row("1", somebody())])).created == 1
    indexes = await house.rows(
        "SELECT external_index FROM patient WHERE practice_id IN (%s, %s)", ours.id, theirs.id
    )
    assert len(set(indexes)) == 2


async def test_imported_records_that_share_a_pair_are_asked_about(house: House) -> None:
    practice, data = await house.practice(), somebody()
    await taken(house, practice.id, [row("1", data), row("2", data)])
    marked = [each.contact.conflict for each in await records(house, practice.id)]
    assert any(marked)


@pytest.mark.parametrize("size", [0, 501])
async def test_a_part_has_its_bounds(house: House, size: int) -> None:
    practice = await house.practice()
    rows = [row(str(number), somebody()) for number in range(size)]
    assert await reason(taken(house, practice.id, rows)) == "INVALID_FIELD"


async def test_no_number_comes_twice_in_a_part(house: House) -> None:
    practice = await house.practice()
    rows = [row("1", somebody()), row(" 1 ", somebody())]
    assert await reason(taken(house, practice.id, rows)) == "INVALID_FIELD"


async def test_another_practices_difference_is_nobodys(house: House) -> None:
    practice_id, patient_id, _, _ = await a_reader(house)
    await taken(house, practice_id, [row("4711", somebody())])
    elsewhere = (await house.practice()).id
    assert await reason(difference(house, elsewhere, patient_id)) == "PATIENT_NOT_FOUND"
    assert await reason(keep(house, elsewhere, patient_id)) == "PATIENT_NOT_FOUND"


async def test_imported_contact_data_lie_sealed(house: House) -> None:
    practice_id, _, _, _ = await a_reader(house)
    other = somebody()
    await taken(house, practice_id, [row("4711", other)])
    stored = str(await house.rows("SELECT * FROM import_difference"))
    stored += str(await house.rows("SELECT * FROM patient WHERE practice_id = %s", practice_id))
    for canary in (other.email, other.mobile, other.mobile[1:], "4711"):
        assert canary not in stored
