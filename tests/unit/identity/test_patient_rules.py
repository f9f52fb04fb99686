"""The rules of patients' records: which versions count, what a prompt lacks, what a search means."""

from datetime import date
from uuid import UUID

import pytest

from chassis.refusal import Refusal
from services.identity.patients.domain import (
    PatientData,
    PatientState,
    check_version,
    missing_contact,
)
from services.identity.patients.search import parsed_query


def state(version: int, tries: int = 0) -> PatientState:
    marks = (False, False, False, False)
    return PatientState(
        UUID(int=1), UUID(int=2), version, 1, True, True, False, False, tries, *marks, permitted=False
    )


def test_who_read_an_older_version_is_refused_and_who_does_not_say_is_not() -> None:
    check_version(state(3), 3)
    check_version(state(3), 0)
    for read in (1, 2, 4):
        with pytest.raises(Refusal) as refused:
            check_version(state(3), read)
        assert refused.value.reason == "PATIENT_CHANGED"


def test_the_third_wrong_birth_date_locks() -> None:
    assert [state(1, tries).birth_date_locked for tries in range(5)] == [False, False, False, True, True]


@pytest.mark.parametrize(
    ("email", "mobile", "missing"),
    [
        ("a@b.de", "+49", ()),
        (None, "+49", ("email",)),
        ("a@b.de", None, ("mobile",)),
        (None, None, ("email", "mobile")),
    ],
)
def test_what_a_prompt_lacks_is_named(
    email: str | None, mobile: str | None, missing: tuple[str, ...]
) -> None:
    assert missing_contact(PatientData("Mia", "Meier", None, email, mobile, None)) == missing


@pytest.mark.parametrize("typed", ["Mia 3.4.1990", "03.04.1990 Mia", "1990-04-03 mia"])
def test_a_birth_date_stands_anywhere_and_in_either_form(typed: str) -> None:
    query = parsed_query("query", typed)
    assert (query.words, query.birth_date) == ((frozenset({"mia"}),), date(1990, 4, 3))


@pytest.mark.parametrize(
    "typed", ["", "m", "Mia M", "30.2.1990", "99.99.9999", "1990-04-03 1991-04-03", "--"]
)
def test_a_query_that_means_nothing_is_refused(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        parsed_query("query", typed)
    assert refused.value.fields[0].field == "query"
