"""Which candidates an account is bound to."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from services.identity.accounts.domain import Candidate, SuspendedBinding, judge, offered, returning

_PRACTICE = uuid4()
_ACCOUNT = uuid4()
_RIGHT = b"right"


def candidate(
    practice_id: UUID = _PRACTICE,
    *,
    birth_date_index: bytes | None = _RIGHT,
    conflict: bool = False,
    tries: int = 0,
    bound_to: UUID | None = None,
) -> Candidate:
    return Candidate(practice_id, uuid4(), birth_date_index, conflict, tries, bound_to)


@pytest.mark.parametrize("birth_date_index", [_RIGHT, None])
@pytest.mark.parametrize("account_id", [_ACCOUNT, None])
def test_an_unbound_record_with_the_right_birth_date_or_none_is_bound(
    birth_date_index: bytes | None, account_id: UUID | None
) -> None:
    one = candidate(birth_date_index=birth_date_index)
    judgement = judge([one], {_PRACTICE: _RIGHT}, account_id)
    assert (judgement.to_bind, judgement.wrong) == ((one,), ())


def test_a_wrong_birth_date_is_named_and_binds_nothing() -> None:
    one = candidate()
    judgement = judge([one], {_PRACTICE: b"wrong"}, None)
    assert (judgement.to_bind, judgement.wrong, judgement.matched) == ((), (one,), False)


def test_a_right_birth_date_counts_in_its_own_practice_only() -> None:
    other_practice = uuid4()
    here, there = candidate(), candidate(other_practice, birth_date_index=b"there")
    judgement = judge([here, there], {_PRACTICE: b"there", other_practice: _RIGHT}, None)
    assert judgement.wrong == (here, there)


def test_two_records_of_a_practice_are_never_bound_even_if_none_is_marked() -> None:
    two = [candidate(), candidate(birth_date_index=b"other")]
    judgement = judge(two, {_PRACTICE: _RIGHT}, None)
    assert not judgement.matched
    assert judgement.wrong == ()


@pytest.mark.parametrize(
    "barred",
    [candidate(conflict=True), candidate(tries=3), candidate(bound_to=uuid4())],
    ids=["conflict", "locked", "bound"],
)
@pytest.mark.parametrize("given", [_RIGHT, b"wrong"])
def test_what_is_barred_is_neither_bound_nor_counted(barred: Candidate, given: bytes) -> None:
    judgement = judge([barred], {_PRACTICE: given}, _ACCOUNT)
    assert (judgement.to_bind, judgement.bound_before, judgement.wrong) == ((), (), ())
    assert offered([barred]) == []


def test_a_record_bound_to_this_account_matches_without_being_bound_again() -> None:
    own = candidate(bound_to=_ACCOUNT)
    judgement = judge([own], {_PRACTICE: _RIGHT}, _ACCOUNT)
    assert (judgement.to_bind, judgement.bound_before, judgement.matched) == ((), (own,), True)
    assert offered([own]) == []


def test_nobody_is_taken_for_the_owner_of_a_bound_record() -> None:
    assert not judge([candidate(bound_to=_ACCOUNT)], {_PRACTICE: _RIGHT}, None).matched


def test_two_tries_leave_a_third() -> None:
    one = candidate(tries=2)
    assert offered([one]) == [one]
    assert offered([replace(one, birth_date_tries=3)]) == []


def test_what_an_account_read_before_comes_back_with_the_same_birth_date_or_without_any() -> None:
    one, other = candidate(), candidate(uuid4(), birth_date_index=None)
    suspended = [SuspendedBinding(each.patient_id, _RIGHT) for each in (one, other)]
    assert returning([one, other], suspended) == (one, other)
    assert returning([one], [SuspendedBinding(one.patient_id, b"another")]) == ()
    assert returning([one], [SuspendedBinding(one.patient_id, None)]) == ()
    assert returning([one], [SuspendedBinding(uuid4(), _RIGHT)]) == ()


@pytest.mark.parametrize(
    "in_the_way", [candidate(conflict=True), candidate(bound_to=uuid4()), candidate(tries=3)]
)
def test_nothing_comes_back_that_would_not_be_offered(in_the_way: Candidate) -> None:
    assert returning([in_the_way], [SuspendedBinding(in_the_way.patient_id, _RIGHT)]) == ()
