"""When it is asked who reads, what an answer must fulfil, how long a representation holds."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.refusal import Refusal
from services.identity.patients.domain import PatientData
from services.identity.readers.domain import (
    Basis,
    Holder,
    Subject,
    Terms,
    birthday,
    check_merge,
    check_own_contact,
    check_representation,
    check_share,
    due,
    end_of,
    ends_soon,
    holds,
    is_to_be_asked_again,
    moved_along,
)

TODAY = date(2026, 3, 1)
CHILD, ADULT = date(2020, 5, 5), date(1980, 1, 1)
NO_END = Terms("", None)
_IDS = [UUID(int=n) for n in range(1, 6)]

holders = st.lists(
    st.builds(
        Holder,
        id=st.sampled_from(_IDS),
        email_index=st.sampled_from([b"a", b"b", None]),
        pair_index=st.none(),
        question=st.sampled_from([None, "contact_shared", "fourteen", "representation_ended"]),
        answered=st.booleans(),
    ),
    unique_by=lambda each: each.id,
    max_size=5,
)
readers = st.dictionaries(st.sampled_from(_IDS), st.sampled_from(_IDS), max_size=3)
arrivals = st.frozensets(st.sampled_from(_IDS), max_size=2)


def holder(number: int, **changed: Any) -> Holder:
    plain = Holder(UUID(int=number), b"a", b"pair", None, answered=False)
    return replace(plain, **changed)


def subject(number: int, born: date | None = ADULT, **changed: Any) -> Subject:
    plain = Subject(
        UUID(int=number), b"a", b"pair", born, archived=False, represented=False, represents=False
    )
    return replace(plain, **changed)


def reason_of(refused: pytest.ExceptionInfo[Refusal]) -> str:
    return refused.value.reason


@given(holders, readers, arrivals)
def test_only_who_arrived_is_asked_and_only_open_questions_close(
    held: list[Holder], read: dict[UUID, UUID], arrived: frozenset[UUID]
) -> None:
    questions = due(held, read, arrived)
    by_id = {each.id: each for each in held}
    assert questions.to_open <= arrived
    assert all(by_id[each].question is None for each in questions.to_open)
    assert all(by_id[each].question is not None for each in questions.to_close)


@given(holders, readers, arrivals)
def test_who_arrives_at_an_address_of_somebody_untied_is_left_with_a_question(
    held: list[Holder], read: dict[UUID, UUID], arrived: frozenset[UUID]
) -> None:
    questions = due(held, read, arrived)
    open_after = (
        {each.id for each in held if each.question is not None} | questions.to_open
    ) - questions.to_close
    for one in held:
        for other in held:
            same = one.email_index is not None and one.email_index == other.email_index
            tied = {one.id, other.id} & set(read)
            if one.id in arrived and one is not other and same and not tied:
                assert one.id in open_after


@given(holders, readers, arrivals)
def test_settling_again_changes_nothing(
    held: list[Holder], read: dict[UUID, UUID], arrived: frozenset[UUID]
) -> None:
    questions = due(held, read, arrived)
    after = [
        replace(
            each,
            question="contact_shared"
            if each.id in questions.to_open
            else None
            if each.id in questions.to_close
            else each.question,
            answered=each.answered and each.id not in arrived,
        )
        for each in held
    ]
    again = due(after, read, arrived)
    assert (again.to_open, again.to_close) == (frozenset(), frozenset())


def test_a_record_and_its_representative_and_siblings_are_not_asked() -> None:
    mother, mia, tom = holder(1), holder(2), holder(3)
    both = {mia.id: mother.id, tom.id: mother.id}
    assert due([mother, mia, tom], both, {mother.id, mia.id, tom.id}).to_open == frozenset()


def test_a_stranger_at_the_address_of_somebody_represented_is_asked() -> None:
    mia, stranger = holder(2, answered=True), holder(4)
    assert due([mia, stranger], {mia.id: UUID(int=1)}, {stranger.id}).to_open == {stranger.id}


def test_an_answer_holds_against_who_comes_later() -> None:
    answered, later = holder(1, answered=True, question="contact_shared"), holder(2)
    questions = due([answered, later], {}, {later.id})
    assert questions.to_open == {later.id}
    assert questions.to_close == {answered.id}


def test_the_question_at_fourteen_stays_while_somebody_represents() -> None:
    mia = holder(2, question="fourteen", email_index=None)
    assert due([mia], {mia.id: UUID(int=1)}, ()).to_close == frozenset()
    assert due([mia], {}, ()).to_close == {mia.id}


@pytest.mark.parametrize(
    ("born", "years", "day"),
    [
        (date(2008, 2, 29), 18, date(2026, 3, 1)),
        (date(2008, 2, 29), 16, date(2024, 2, 29)),
        (date(2008, 3, 1), 18, date(2026, 3, 1)),
    ],
)
def test_birthdays_exist_in_every_year(born: date, years: int, day: date) -> None:
    assert birthday(born, years) == day


def test_custody_ends_with_the_eighteenth_birthday_or_before() -> None:
    born = date(2010, 6, 1)
    assert end_of("custody", NO_END, born) == date(2028, 6, 1)
    assert end_of("custody", Terms("", date(2027, 1, 1)), born) == date(2027, 1, 1)
    assert end_of("custody", Terms("", date(2040, 1, 1)), born) == date(2028, 6, 1)
    assert holds("custody", NO_END, born, date(2028, 5, 31))
    assert not holds("custody", NO_END, born, date(2028, 6, 1))


def test_custody_of_somebody_whose_birth_date_is_unknown_does_not_hold() -> None:
    assert not holds("custody", NO_END, None, TODAY)


def test_an_authorisation_ends_on_its_day_or_never() -> None:
    assert holds("authorisation", NO_END, None, date(2099, 1, 1))
    assert holds("authorisation", Terms("", TODAY), ADULT, TODAY - timedelta(days=1))
    assert not holds("authorisation", Terms("", TODAY), ADULT, TODAY)


@pytest.mark.parametrize(
    ("basis", "born", "began", "asked"),
    [
        ("custody", date(2012, 3, 1), date(2025, 1, 1), True),
        ("custody", date(2012, 3, 2), date(2025, 1, 1), False),
        ("custody", date(2012, 2, 28), date(2026, 2, 28), False),
        ("custody", None, date(2025, 1, 1), False),
        ("authorisation", date(2012, 3, 1), date(2025, 1, 1), False),
    ],
)
def test_it_is_asked_again_at_fourteen(basis: Basis, born: date | None, began: date, asked: bool) -> None:
    assert is_to_be_asked_again(basis, born, began, TODAY) is asked


def test_the_practice_is_told_thirty_days_before_the_end() -> None:
    assert ends_soon("authorisation", Terms("", TODAY + timedelta(days=30)), ADULT, TODAY)
    assert not ends_soon("authorisation", Terms("", TODAY + timedelta(days=31)), ADULT, TODAY)
    assert not ends_soon("authorisation", NO_END, ADULT, TODAY)


@pytest.mark.parametrize(
    ("represented", "representative", "basis", "reason"),
    [
        (subject(1, None), subject(2), "custody", "BIRTH_DATE_MISSING"),
        (subject(1, ADULT), subject(2), "custody", "NOT_A_MINOR"),
        (subject(1, CHILD), subject(2), "authorisation", "STILL_A_MINOR"),
        (subject(1, CHILD), subject(2, CHILD), "custody", "REPRESENTATIVE_NOT_POSSIBLE"),
        (subject(1, CHILD), subject(1, CHILD), "custody", "REPRESENTATIVE_NOT_POSSIBLE"),
        (subject(1, CHILD), subject(2, represented=True), "custody", "REPRESENTATIVE_NOT_POSSIBLE"),
        (subject(1, represents=True), subject(2), "authorisation", "REPRESENTATIVE_NOT_POSSIBLE"),
    ],
)
def test_who_cannot_be_represented_so_is_refused(
    represented: Subject, representative: Subject, basis: Basis, reason: str
) -> None:
    with pytest.raises(Refusal) as refused:
        check_representation(represented, representative, basis, TODAY)
    assert reason_of(refused) == reason


def test_a_child_and_an_adult_can_be_represented_by_an_adult() -> None:
    check_representation(subject(1, CHILD), subject(2, None), "custody", TODAY)
    check_representation(subject(1, None), subject(2), "authorisation", TODAY)


def test_an_own_contact_is_a_pair_that_no_other_record_has() -> None:
    check_own_contact(subject(1), [subject(2, pair_index=b"other"), subject(3, pair_index=None)])
    for asked, other in ((subject(1), subject(2)), (subject(1, pair_index=None), subject(2))):
        with pytest.raises(Refusal) as refused:
            check_own_contact(asked, [other])
        assert reason_of(refused) == "CONTACT_STILL_SHARED"


def test_only_records_with_one_address_are_of_one_person() -> None:
    check_share(subject(1), subject(2))
    for other in (subject(1), subject(2, email_index=b"b"), subject(2, email_index=None)):
        with pytest.raises(Refusal) as refused:
            check_share(subject(1), other)
        assert reason_of(refused) == "CONTACT_NOT_SHARED"


@pytest.mark.parametrize("kept", [subject(2, CHILD), subject(2, represented=True)])
def test_only_an_adult_who_is_not_represented_takes_over_whom_somebody_represents(kept: Subject) -> None:
    check_merge(subject(1), kept, TODAY)
    with pytest.raises(Refusal) as refused:
        check_merge(subject(1, represents=True), kept, TODAY)
    assert reason_of(refused) == "REPRESENTATIVE_NOT_POSSIBLE"
    check_merge(subject(1, represents=True), subject(2), TODAY)


def contact(email: str | None, mobile: str | None) -> PatientData:
    return PatientData("Mia", "Beispiel", CHILD, email, mobile, None)


@pytest.mark.parametrize(
    ("childs", "becomes"),
    [
        (("Old@example.com", "+491"), ("new@example.com", "+492")),
        (("old@example.com", "+499"), ("new@example.com", "+499")),
        (("old@example.com", None), ("new@example.com", None)),
        (("own@example.com", "+491"), ("own@example.com", "+491")),
        ((None, "+491"), (None, "+491")),
    ],
)
def test_who_has_the_representatives_address_moves_along(
    childs: tuple[str | None, str | None], becomes: tuple[str | None, str | None]
) -> None:
    before, after = contact("old@example.com", "+491"), contact("new@example.com", "+492")
    assert moved_along(before, after, contact(*childs)) == contact(*becomes)


def test_who_has_no_number_is_given_none_by_the_representatives_first() -> None:
    before, after = contact("old@example.com", None), contact("old@example.com", "+492")
    assert moved_along(before, after, before) == before
