"""Who cannot get in: what the practice learns of a registration that stops, and what lets the person in."""

from collections.abc import Awaitable
from datetime import timedelta
from uuid import UUID

import pytest

from chassis.tables import TABLES
from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.identity.v1 import access_pb2, patients_pb2
from tests.integration.identity.organisation.house import House, somebody
from tests.integration.identity.organisation.newcomer import (
    Newcomer,
    access,
    access_of,
    codes_to,
    correct,
    entitled,
    look,
    release,
    tasks,
    told_of_access,
)
from tests.integration.identity.organisation.reader_answers import represented
from tests.integration.identity.stage import reason

BORN = "1961-04-12"
OTHER_DAY = "1990-02-28"


async def a_record(house: House, **changed: str) -> tuple[UUID, str, patients_pb2.PatientData]:
    """A practice with one record, and what the record says."""
    practice, data = await house.practice(), somebody(**changed)
    created = await house.patient(practice.id, data)
    return practice.id, created.patient_id, data


async def bound(house: House, practice_id: UUID, patient_id: str) -> bool:
    request = patients_pb2.GetPatientRequest(patient_id=patient_id)
    got = await house.patients.GetPatient(request, metadata=house.caller("admin", practice_id))
    return got.patient.contact.bound


def obstacles(seen: access_pb2.GetAccessResponse) -> list[tuple[str, str]]:
    """Step and obstacle of each attempt, by their names."""
    return [
        (
            access_pb2.AccessStep.Name(each.step).removeprefix("ACCESS_STEP_"),
            access_pb2.AccessObstacle.Name(each.obstacle).removeprefix("ACCESS_OBSTACLE_"),
        )
        for each in seen.attempts
    ]


async def test_another_number_becomes_a_task_and_its_correction_lets_the_same_registration_go_on(
    house: House,
) -> None:
    practice_id, patient_id, data = await a_record(house)
    typed = somebody().mobile
    person = await Newcomer(house, data.email, typed).prove_email()
    await look(house)

    seen = await access(house, practice_id, patient_id)
    assert obstacles(seen) == [("EMAIL_PROVEN", "MOBILE")]
    assert seen.HasField("task_opened_at")
    assert typed not in str(seen)
    assert await tasks(house, practice_id) == [("opened", "CANNOT_GET_IN", patient_id)]

    await correct(house, practice_id, patient_id, mobile=typed)
    await look(house)
    assert obstacles(await access(house, practice_id, patient_id)) == [("EMAIL_PROVEN", "NONE")]
    await person.resend()
    await person.prove_mobile()
    assert (await person.complete(BORN)).bound == 1
    assert obstacles(await access(house, practice_id, patient_id)) == []
    assert await tasks(house, practice_id) == [
        ("opened", "CANNOT_GET_IN", patient_id),
        ("closed", "CANNOT_GET_IN", patient_id),
    ]


async def test_a_corrected_birth_date_binds_without_registering_again(house: House) -> None:
    practice_id, patient_id, data = await a_record(house, birth_date=OTHER_DAY)
    person = await Newcomer(house, data.email, data.mobile).proven()
    assert await reason(person.complete(BORN)) == "NOT_MATCHED"
    await look(house)
    assert obstacles(await access(house, practice_id, patient_id)) == [("MOBILE_PROVEN", "BIRTH_DATE")]
    assert not await bound(house, practice_id, patient_id)

    house.clock.advance(timedelta(days=13))
    await correct(house, practice_id, patient_id, birth_date=BORN)
    await look(house)
    assert await bound(house, practice_id, patient_id)
    assert (await tasks(house, practice_id))[-1] == ("closed", "CANNOT_GET_IN", patient_id)
    session = (await person.complete(BORN)).session
    assert await entitled(house, session) == [patient_id]
    await look(house)
    assert await told_of_access(house, patient_id) == 1


async def test_who_is_bound_at_once_is_not_told_of_it(house: House) -> None:
    _, patient_id, data = await a_record(house)
    await (await Newcomer(house, data.email, data.mobile).proven()).complete(BORN)
    await look(house)
    assert await told_of_access(house, patient_id) == 0


async def test_a_record_that_is_made_later_binds_without_registering_again(house: House) -> None:
    practice_id, _, data = await a_record(house, birth_date=OTHER_DAY)
    person = await Newcomer(house, data.email, data.mobile).proven()
    assert await reason(person.complete(BORN)) == "NOT_MATCHED"
    elsewhere = await house.practice()
    late = await house.patient(elsewhere.id, somebody(email=data.email, mobile=data.mobile))
    await look(house)
    assert await bound(house, elsewhere.id, late.patient_id)
    assert await entitled(house, (await person.complete(BORN)).session) == [late.patient_id]
    assert practice_id != elsewhere.id


async def test_proofs_that_have_ended_bind_nobody(house: House) -> None:
    practice_id, patient_id, data = await a_record(house, birth_date=OTHER_DAY)
    person = await Newcomer(house, data.email, data.mobile).proven()
    assert await reason(person.complete(BORN)) == "NOT_MATCHED"
    house.clock.advance(timedelta(days=14))
    await correct(house, practice_id, patient_id, birth_date=BORN)
    await look(house)
    assert not await bound(house, practice_id, patient_id)
    assert obstacles(await access(house, practice_id, patient_id)) == []


async def test_a_release_lets_in_who_gave_the_right_date_while_it_was_locked(house: House) -> None:
    practice_id, patient_id, data = await a_record(house)
    person = await Newcomer(house, data.email, data.mobile).proven()
    for _ in range(3):
        assert await reason(person.complete(OTHER_DAY)) == "NOT_MATCHED"
    assert await reason(person.complete(BORN)) == "NOT_MATCHED"
    await look(house)
    seen = await access(house, practice_id, patient_id)
    assert seen.birth_date_locked
    assert obstacles(seen) == [("MOBILE_PROVEN", "BIRTH_DATE_LOCKED")]

    assert (await release(house, practice_id, patient_id)).released
    await look(house)
    assert await bound(house, practice_id, patient_id)
    assert not (await release(house, practice_id, patient_id)).released


async def test_looking_counts_no_try(house: House) -> None:
    practice_id, patient_id, data = await a_record(house)
    person = await Newcomer(house, data.email, data.mobile).proven()
    assert await reason(person.complete(OTHER_DAY)) == "NOT_MATCHED"
    for _ in range(4):
        await correct(house, practice_id, patient_id, mobile=somebody().mobile)
        await correct(house, practice_id, patient_id, mobile=data.mobile)
        await look(house)
    assert not (await access(house, practice_id, patient_id)).birth_date_locked
    assert (await person.complete(BORN)).bound == 1


async def test_no_stock_of_guesses_waits_for_a_release(house: House) -> None:
    practice_id, patient_id, data = await a_record(house)
    guesses = ("1970-01-01", BORN, "1970-01-03", "1970-01-04", OTHER_DAY)
    for place, guess in enumerate(("1970-01-02", "1970-01-05", "1970-01-06")):
        person = await Newcomer(house, data.email, data.mobile).proven()
        assert await reason(person.complete(guess)) == "NOT_MATCHED"
        house.clock.advance(timedelta(minutes=20 + place))
    for guess in guesses:
        person = await Newcomer(house, data.email, data.mobile).proven()
        assert await reason(person.complete(guess)) == "NOT_MATCHED"
        house.clock.advance(timedelta(hours=4))
    await release(house, practice_id, patient_id)
    await look(house)
    assert not await bound(house, practice_id, patient_id)


async def test_a_settled_task_stays_closed_until_the_next_try(house: House) -> None:
    practice_id, patient_id, data = await a_record(house)
    await Newcomer(house, data.email, somebody().mobile).prove_email()
    await look(house)
    request = access_pb2.SettleAccessRequest(patient_id=patient_id)
    staff = house.caller("physician", practice_id)
    assert (await access_of(house).SettleAccess(request, metadata=staff)).closed
    assert not (await access_of(house).SettleAccess(request, metadata=staff)).closed
    await look(house)
    seen = await access(house, practice_id, patient_id)
    assert obstacles(seen) == []
    assert not seen.HasField("task_opened_at")
    await Newcomer(house, data.email, somebody().mobile).prove_email()
    await look(house)
    assert (await access(house, practice_id, patient_id)).HasField("task_opened_at")


async def test_who_gets_in_elsewhere_troubles_no_other_practice(house: House) -> None:
    practice_id, patient_id, data = await a_record(house)
    other = await house.practice()
    known = await house.patient(other.id, somebody(email=data.email))
    person = Newcomer(house, data.email, "")
    got = patients_pb2.GetPatientRequest(patient_id=known.patient_id)
    record = await house.patients.GetPatient(got, metadata=house.caller("admin", other.id))
    person.mobile = record.patient.data.mobile
    await person.proven()
    await look(house)
    await person.complete(BORN)
    assert await tasks(house, practice_id) == []
    assert obstacles(await access(house, practice_id, patient_id)) == []


async def test_an_open_question_is_named_and_never_bound_around(house: House) -> None:
    practice_id, first, data = await a_record(house)
    second = await house.patient(practice_id, somebody(email=data.email, mobile=data.mobile))
    person = await Newcomer(house, data.email, data.mobile).proven()
    assert await reason(person.complete(BORN)) == "NOT_MATCHED"
    await look(house)
    assert obstacles(await access(house, practice_id, second.patient_id)) == [("MOBILE_PROVEN", "WHO_READS")]
    for patient_id in (first, second.patient_id):
        assert not await bound(house, practice_id, patient_id)


async def test_the_answer_who_reads_lets_in_who_waits(house: House) -> None:
    practice_id, mother, data = await a_record(house)
    child = await house.patient(
        practice_id, somebody(email=data.email, mobile=data.mobile, birth_date=OTHER_DAY)
    )
    person = await Newcomer(house, data.email, data.mobile).proven()
    assert await reason(person.complete(BORN)) == "NOT_MATCHED"
    await look(house)
    await represented(house, practice_id, child.patient_id, mother)
    await look(house)
    assert await bound(house, practice_id, mother)
    session = (await person.complete(BORN)).session
    assert set(await entitled(house, session)) == {mother, child.patient_id}


async def test_a_changed_number_suspends_the_binding_and_kills_the_codes_of_the_old_pair(
    house: House,
) -> None:
    practice_id, patient_id, data = await a_record(house)
    session = (await (await Newcomer(house, data.email, data.mobile).proven()).complete(BORN)).session
    assert await entitled(house, session) == [patient_id]
    waiting = await Newcomer(house, data.email, data.mobile).prove_email()

    await correct(house, practice_id, patient_id, mobile=somebody().mobile)
    assert await entitled(house, session) == []
    assert (await access(house, practice_id, patient_id)).suspended
    assert await reason(waiting.prove_mobile()) == "CODE_REFUSED"
    sent = len(await codes_to(house, data.mobile))
    house.clock.advance(timedelta(hours=1))
    await waiting.resend()
    assert len(await codes_to(house, data.mobile)) == sent + 1, "the account still has the pair"


@pytest.mark.parametrize(
    ("mark", "flag"),
    [(access_pb2.PATIENT_MARK_OBJECTED, "objected"), (access_pb2.PATIENT_MARK_DECEASED, "deceased")],
)
async def test_a_mark_is_told_once(house: House, mark: "access_pb2.PatientMark.ValueType", flag: str) -> None:
    practice_id, patient_id, _ = await a_record(house)
    staff = house.caller("practice_service", practice_id)
    for wanted in (True, False):
        request = access_pb2.MarkPatientRequest(patient_id=patient_id, mark=mark, set=wanted)
        assert (await access_of(house).MarkPatient(request, metadata=staff)).changed
        assert not (await access_of(house).MarkPatient(request, metadata=staff)).changed
        version, told = (await house.events(patient_id))[-1]
        assert getattr(told, flag) is wanted
        state = await house.patients.GetPatientState(
            patients_pb2.GetPatientStateRequest(practice_id=str(practice_id), patient_id=patient_id),
            metadata=house.caller("messaging"),
        )
        assert (state.version, getattr(state.contact, flag)) == (version, wanted)
    assert (await house.audited(practice_id))[-4:] == [
        f"patient.{flag}",
        f"patient.{flag}",
        f"patient.not_{flag}",
        f"patient.not_{flag}",
    ]


async def test_a_permission_is_kept_with_the_record(house: House) -> None:
    practice_id, patient_id, _ = await a_record(house)
    request = access_pb2.MarkPatientRequest(
        patient_id=patient_id, mark=access_pb2.PATIENT_MARK_PERMITTED, set=True
    )
    nurse = house.caller("assistant", practice_id)
    await access_of(house).MarkPatient(request, metadata=nurse)
    reading = patients_pb2.GetPatientRequest(patient_id=patient_id)
    contact = (await house.patients.GetPatient(reading, metadata=nurse)).patient.contact
    assert (contact.permitted, contact.objected) == (True, False)


async def test_no_mark_is_refused(house: House) -> None:
    practice_id, patient_id, _ = await a_record(house)
    request = access_pb2.MarkPatientRequest(patient_id=patient_id, set=True)
    call = access_of(house).MarkPatient(request, metadata=house.caller("admin", practice_id))
    assert await reason(call) == "INVALID_FIELD"


async def test_another_practices_patient_is_nobody(house: House) -> None:
    _, patient_id, _ = await a_record(house)
    staff = house.caller("admin", (await house.practice()).id)
    stub = access_of(house)
    calls: list[Awaitable[object]] = [
        stub.GetAccess(access_pb2.GetAccessRequest(patient_id=patient_id), metadata=staff),
        stub.SettleAccess(access_pb2.SettleAccessRequest(patient_id=patient_id), metadata=staff),
        stub.ReleaseBirthDate(access_pb2.ReleaseBirthDateRequest(patient_id=patient_id), metadata=staff),
        stub.ConfirmAddress(access_pb2.ConfirmAddressRequest(patient_id=patient_id), metadata=staff),
        stub.MarkPatient(
            access_pb2.MarkPatientRequest(patient_id=patient_id, mark=access_pb2.PATIENT_MARK_OBJECTED),
            metadata=staff,
        ),
    ]
    assert [await reason(each) for each in calls] == ["PATIENT_NOT_FOUND"] * len(calls)


async def test_nothing_that_was_typed_stands_anywhere_in_the_clear(house: House) -> None:
    _, _, data = await a_record(house, birth_date=OTHER_DAY)
    person = await Newcomer(house, data.email, data.mobile).proven()
    assert await reason(person.complete("1933-03-03")) == "NOT_MATCHED"
    await look(house)
    stored = ""
    for table in ("registration", "access_problem", "look", "task", TABLES.outbox.name, TABLES.audit.name):
        stored += str(await house.rows(f"SELECT * FROM {table}"))
    told = b"".join(row[0] for row in await house.rows("SELECT envelope FROM outbox"))
    for canary in (data.email, data.mobile, "1933-03-03", data.mobile[1:]):
        assert canary not in stored
        assert canary.encode() not in told
    assert all(Envelope.FromString(row[0]) for row in await house.rows("SELECT envelope FROM outbox LIMIT 1"))
