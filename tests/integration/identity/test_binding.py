"""Binding: which patients a proven pair and a birth date lead to, and which never."""

import asyncio
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select, update

from chassis.tables import TABLES
from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.identity.v1.events_pb2 import PatientChanged
from services.identity.patients.domain import PatientData
from services.identity.patients.pairs import lock_pairs
from services.identity.patients.store import PatientStore
from services.identity.readers.questions import settle
from services.identity.tables.people import account, registration
from services.identity.tables.practices import binding, patient
from tests.integration.identity.people import (
    BORN,
    Person,
    a_patient,
    a_practice,
    complete,
    finish_login,
    proven,
    registered,
    somebody,
    start_login,
    started,
    state,
)
from tests.integration.identity.stage import Stage, reason

_OTHER_DAY = date(1990, 2, 28)


async def accounts_of(stage: Stage, person: Person) -> list[UUID]:
    pair_index = stage.proofs.contact.pair(person.email, person.mobile)
    async with stage.database.transaction() as tx:
        return list(
            (await tx.execute(select(account.c.id).where(account.c.pair_index == pair_index))).scalars()
        )


async def last_event(stage: Stage, patient_id: UUID) -> tuple[int, PatientChanged]:
    """The newest patient_changed of a record: aggregate version and flags."""
    async with stage.database.transaction() as tx:
        rows = (await tx.execute(select(TABLES.outbox.c.envelope).order_by(TABLES.outbox.c.id))).scalars()
        envelopes = [Envelope.FromString(row) for row in rows]
    newest = [each for each in envelopes if each.aggregate_id == str(patient_id)][-1]
    assert newest.type == "identity.patient_changed"
    return newest.aggregate_version, PatientChanged.FromString(newest.data)


async def test_a_binding_is_told_in_flags(stage: Stage) -> None:
    person, practice_id = somebody(), await a_practice(stage)
    patient_id = await a_patient(stage, practice_id, person)
    await registered(stage, person)
    now = await state(stage, practice_id, patient_id)
    version, flags = await last_event(stage, patient_id)
    assert version == now.version
    assert flags == PatientChanged(contact_version=1, has_email=True, has_mobile=True, bound=True)


async def test_a_record_without_birth_date_asks_for_none(stage: Stage) -> None:
    person = somebody()
    await a_patient(stage, await a_practice(stage), person, born=None)
    assert (await complete(stage, await proven(stage, person), _OTHER_DAY)).bound == 1


async def test_a_pair_of_two_patients_of_a_practice_never_binds(stage: Stage) -> None:
    person, practice_id = somebody(), await a_practice(stage)
    mother = await a_patient(stage, practice_id, person)
    child = await a_patient(stage, practice_id, person, born=_OTHER_DAY)
    registration_secret = await proven(stage, person)
    for born in (BORN, _OTHER_DAY):
        assert await reason(complete(stage, registration_secret, born)) == "NOT_MATCHED"
    for patient_id in (mother, child):
        now = await state(stage, practice_id, patient_id)
        assert not now.bound
        assert now.birth_date_tries == 0
    assert await accounts_of(stage, person) == []


async def test_a_conflict_in_one_practice_does_not_keep_the_other_from_binding(stage: Stage) -> None:
    person, unclear, clear = somebody(), await a_practice(stage), await a_practice(stage)
    await a_patient(stage, unclear, person)
    await a_patient(stage, unclear, person)
    patient_id = await a_patient(stage, clear, person)
    assert (await registered(stage, person)).bound == 1
    assert (await state(stage, clear, patient_id)).bound


async def test_a_second_record_with_the_pair_leaves_the_binding_alone(stage: Stage) -> None:
    person, practice_id = somebody(), await a_practice(stage)
    mother = await a_patient(stage, practice_id, person)
    await registered(stage, person)
    child = await a_patient(stage, practice_id, person)
    assert (await state(stage, practice_id, mother)).bound
    assert not (await state(stage, practice_id, child)).bound


async def test_three_wrong_birth_dates_lock_the_record(stage: Stage) -> None:
    person, practice_id = somebody(), await a_practice(stage)
    patient_id = await a_patient(stage, practice_id, person)
    before = await state(stage, practice_id, patient_id)
    registration_secret = await proven(stage, person)
    for tries in range(1, 4):
        assert await reason(complete(stage, registration_secret, _OTHER_DAY)) == "NOT_MATCHED"
        assert (await state(stage, practice_id, patient_id)).birth_date_tries == tries
    locked = await state(stage, practice_id, patient_id)
    assert locked.birth_date_locked
    assert locked.version == before.version + 1
    assert (await last_event(stage, patient_id))[0] == locked.version
    assert await reason(complete(stage, registration_secret, BORN)) == "NOT_MATCHED"
    assert await accounts_of(stage, person) == []


async def test_another_registration_does_not_begin_the_count_anew(stage: Stage) -> None:
    person, practice_id = somebody(), await a_practice(stage)
    patient_id = await a_patient(stage, practice_id, person)
    for _ in range(3):
        assert await reason(complete(stage, await proven(stage, person), _OTHER_DAY)) == "NOT_MATCHED"
        stage.clock.advance(timedelta(minutes=20))
    assert (await state(stage, practice_id, patient_id)).birth_date_locked
    assert await reason(complete(stage, await proven(stage, person))) == "NOT_MATCHED"


async def test_simultaneous_wrong_birth_dates_all_count(stage: Stage) -> None:
    person, practice_id = somebody(), await a_practice(stage)
    patient_id = await a_patient(stage, practice_id, person)
    secrets = [await proven(stage, person) for _ in range(3)]
    tries = [complete(stage, each, _OTHER_DAY) for each in (*secrets, *secrets)]
    assert {await refused for refused in map(reason, tries)} == {"NOT_MATCHED"}
    assert (await state(stage, practice_id, patient_id)).birth_date_tries == 3


async def test_proofs_wait_for_the_practice_to_correct_its_record(stage: Stage) -> None:
    person, practice_id = somebody(), await a_practice(stage)
    patient_id = await a_patient(stage, practice_id, person, born=_OTHER_DAY)
    secret = await proven(stage, person)
    assert await reason(complete(stage, secret)) == "NOT_MATCHED"
    stage.clock.advance(timedelta(days=13))
    right = stage.proofs.search.birth_date(practice_id, BORN)
    async with stage.database.transaction((practice_id,)) as tx:
        await tx.execute(update(patient).where(patient.c.id == patient_id).values(birth_date_index=right))
    assert (await complete(stage, secret)).bound == 1


async def test_proofs_end_after_fourteen_days(stage: Stage) -> None:
    person = somebody()
    await a_patient(stage, await a_practice(stage), person)
    secret = await proven(stage, person)
    stage.clock.advance(timedelta(days=14))
    assert await reason(complete(stage, secret)) == "REGISTRATION_NOT_FOUND"


async def test_a_known_person_who_registers_again_keeps_account_and_password(stage: Stage) -> None:
    person = somebody()
    await a_patient(stage, await a_practice(stage), person)
    first = await registered(stage, person)
    second_practice = await a_practice(stage)
    await a_patient(stage, second_practice, person)
    again = await registered(stage, Person(person.email, person.mobile, "Vierzehn rote Schwäne"))
    assert again.account_id == first.account_id
    assert again.bound == 2
    await finish_login(stage, await start_login(stage, person.email, person.password), await stage.code())


async def test_simultaneous_completions_make_one_account(stage: Stage) -> None:
    person, practice_id = somebody(), await a_practice(stage)
    await a_patient(stage, practice_id, person)
    secrets = [await proven(stage, person) for _ in range(3)]
    completed = await asyncio.gather(*(complete(stage, secret) for secret in secrets))
    assert len({each.account_id for each in completed}) == 1
    assert [each.bound for each in completed] == [1, 1, 1]
    async with stage.database.transaction((practice_id,)) as tx:
        bindings = (await tx.execute(select(binding.c.id).where(binding.c.practice_id == practice_id))).all()
    assert len(bindings) == 1


async def test_a_corrected_pair_binds_its_new_owner_only(stage: Stage) -> None:
    before, after, practice_id = somebody(), somebody(), await a_practice(stage)
    patient_id = await a_patient(stage, practice_id, before)
    first = await registered(stage, before)
    await give_pair(stage, practice_id, patient_id, after)
    assert not (await state(stage, practice_id, patient_id)).bound
    second = await registered(stage, after)
    assert second.account_id != first.account_id
    assert second.bound == 1
    assert await reason(complete(stage, await proven(stage, before))) == "NOT_MATCHED"


async def give_pair(stage: Stage, practice_id: UUID, patient_id: UUID, person: Person) -> None:
    """What UpdatePatient does when staff correct address and number."""
    store = PatientStore(stage.keys, stage.proofs.contact, stage.proofs.search)
    async with stage.database.transaction((practice_id,)) as tx:
        before = await store.get(tx, practice_id, patient_id, locked=True)
        assert before is not None
        data = PatientData("Erika", "Beispiel", BORN, person.email, person.mobile, None)
        indexes = (store.contact_indexes(before.data), store.contact_indexes(data))
        await lock_pairs(tx, practice_id, [each for one in indexes for each in (one.email, one.pair)])
        await store.replace(tx, before, data, release_birth_date=False)
        await store.suspend_bindings(tx, practice_id, patient_id)
        await settle(tx, practice_id, [one.email for one in indexes], (patient_id,), stage.clock())


async def test_what_was_typed_lies_sealed(stage: Stage) -> None:
    person = somebody()
    await a_patient(stage, await a_practice(stage), person)
    await started(stage, person)
    await stage.notices()
    await registered(stage, person)
    async with stage.database.transaction() as tx:
        rows = [*await tx.execute(select(registration)), *await tx.execute(select(account))]
    stored = b"".join(
        value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row
    )
    for canary in (person.email, person.mobile, person.password, person.mobile[1:]):
        assert canary.encode() not in stored
