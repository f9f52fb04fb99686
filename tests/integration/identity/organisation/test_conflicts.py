"""Who comes to share an address with another record of the practice is marked, whoever does so and when."""

from datetime import timedelta

from praxispost.identity.v1 import patients_pb2
from tests.integration.identity.organisation.house import House, both, somebody
from tests.integration.identity.organisation.test_patients import get, update


async def conflicts(house: House, practice_id: object, *patient_ids: str) -> list[bool]:
    """The mark of each record, and that its newest event says the same."""
    marks = []
    for patient_id in patient_ids:
        ((mark, version),) = await house.rows(
            "SELECT conflict, version FROM patient WHERE practice_id = %s AND id = %s",
            practice_id,
            patient_id,
        )
        newest_version, newest = (await house.events(patient_id))[-1]
        assert (newest_version, newest.conflict) == (version, mark)
        marks.append(bool(mark))
    return marks


async def test_the_later_record_with_a_pair_is_marked_and_the_earlier_one_left_alone(house: House) -> None:
    practice = await house.practice()
    data = somebody()
    first = await house.patient(practice.id, data)
    twin = somebody(given_name="Mia", email=data.email.upper(), mobile=data.mobile)
    second = await house.patient(practice.id, twin)
    assert second.contact.conflict
    assert not (await get(house, practice.id, first.patient_id)).contact.conflict
    third = await house.patient(practice.id, twin)
    ids = (first.patient_id, second.patient_id, third.patient_id)
    assert await conflicts(house, practice.id, *ids) == [False, True, True]


async def test_the_same_address_asks_too_but_not_the_same_number_nor_another_practice(house: House) -> None:
    practice, other = await house.practice(), await house.practice()
    data = somebody()
    first = await house.patient(practice.id, data)
    same_email = await house.patient(practice.id, somebody(email=data.email))
    same_mobile = await house.patient(practice.id, somebody(mobile=data.mobile))
    elsewhere = await house.patient(other.id, data)
    ids = (first.patient_id, same_email.patient_id, same_mobile.patient_id)
    assert await conflicts(house, practice.id, *ids) == [False, True, False]
    assert await conflicts(house, other.id, elsewhere.patient_id) == [False]


async def test_the_mark_goes_once_the_address_is_shared_no_more(house: House) -> None:
    practice = await house.practice()
    data = somebody()
    ids = [(await house.patient(practice.id, data)).patient_id for _ in range(3)]
    moved = await update(house, practice.id, ids[0], mobile=somebody().mobile)
    assert moved.contact.conflict
    assert await conflicts(house, practice.id, *ids) == [True, True, True]
    for patient_id in ids[:2]:
        await update(house, practice.id, patient_id, email=somebody().email)
    assert await conflicts(house, practice.id, *ids) == [False, False, False]
    back = await update(house, practice.id, ids[1], email=data.email)
    assert back.contact.conflict
    assert await conflicts(house, practice.id, *ids) == [False, True, False]


async def test_the_same_address_in_other_letters_is_not_asked_about_again(house: House) -> None:
    practice = await house.practice()
    data = somebody()
    first = await house.patient(practice.id, data)
    second = await house.patient(practice.id, somebody(email=data.email))
    await update(house, practice.id, first.patient_id, email=data.email.upper())
    ids = (first.patient_id, second.patient_id)
    assert await conflicts(house, practice.id, *ids) == [False, True]


async def test_of_records_made_with_one_pair_at_the_same_moment_one_is_the_first(house: House) -> None:
    practice = await house.practice()
    data = somebody()
    answers = await both(*(house.patient(practice.id, data) for _ in range(6)))
    ids = [each.patient_id for each in answers if isinstance(each, patients_pb2.CreatePatientResponse)]
    assert len(ids) == 6
    assert sorted(await conflicts(house, practice.id, *ids)) == [False, *[True] * 5]


async def test_of_records_that_get_one_pair_at_the_same_moment_one_is_the_first(house: House) -> None:
    practice = await house.practice()
    data = somebody()
    ids = [(await house.patient(practice.id, somebody(mobile=data.mobile))).patient_id for _ in range(4)]
    answers = await both(
        *(update(house, practice.id, each, email=data.email) for each in ids),
        house.patient(practice.id, data),
    )
    assert not any(isinstance(each, Exception) for each in answers)
    made = [each for each in answers if isinstance(each, patients_pb2.CreatePatientResponse)]
    ids.extend(each.patient_id for each in made)
    assert sorted(await conflicts(house, practice.id, *ids)) == [False, *[True] * 4]


async def test_records_that_swap_their_pairs_again_and_again_end_as_they_stand(house: House) -> None:
    practice = await house.practice()
    left, right = somebody(), somebody()
    ids = [(await house.patient(practice.id, each)).patient_id for each in (left, right)]
    for _ in range(5):
        house.clock.advance(timedelta(seconds=1))
        answers = await both(
            update(house, practice.id, ids[0], email=right.email, mobile=right.mobile),
            update(house, practice.id, ids[1], email=left.email, mobile=left.mobile),
            update(house, practice.id, ids[0], email=left.email, mobile=left.mobile),
            update(house, practice.id, ids[1], email=right.email, mobile=right.mobile),
        )
        assert not any(isinstance(each, Exception) for each in answers)
        held = [(await get(house, practice.id, each)).data.email for each in ids]
        marks = await conflicts(house, practice.id, *ids)
        assert any(marks) == (held[0] == held[1])
