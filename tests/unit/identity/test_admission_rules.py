"""Whom a stopped registration was meant for, what is in its way, and what an import may take over."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.identity.accounts.domain import Candidate, judge
from services.identity.admission.domain import Addressee, meant, obstacles
from services.identity.imports.domain import judge_row
from services.identity.patients.domain import Patient, PatientData, PatientState

_PRACTICES = [UUID(int=n) for n in range(3)]
_ADDRESSEES = st.lists(st.tuples(st.sampled_from(_PRACTICES), st.booleans()), max_size=8).map(
    lambda drawn: [Addressee(practice, UUID(int=100 + n), bound) for n, (practice, bound) in enumerate(drawn)]
)


@given(_ADDRESSEES)
def test_in_each_practice_whom_nobody_reads_for_was_meant_or_else_everybody(held: list[Addressee]) -> None:
    found = meant(held)
    for practice_id in _PRACTICES:
        here = [each for each in held if each.practice_id == practice_id]
        unread = [each for each in here if not each.bound]
        expected = {(each.practice_id, each.patient_id) for each in unread or here}
        assert {place for place in found if place[0] == practice_id} == expected


def candidate(**changed: bool | int) -> Candidate:
    made = Candidate(_PRACTICES[0], uuid4(), b"right", False, 0, None)
    return replace(
        made,
        conflict=bool(changed.get("conflict", False)),
        birth_date_tries=int(changed.get("tries", 0)),
        represented=bool(changed.get("represented", False)),
    )


def obstacle_of(*held: Candidate, given: bytes = b"wrong") -> list[str]:
    return list(obstacles(held, judge(held, {_PRACTICES[0]: given}, None)).values())


def test_each_obstacle_has_its_name() -> None:
    assert obstacle_of(candidate()) == ["birth_date"]
    assert obstacle_of(candidate(tries=3)) == ["locked"]
    assert obstacle_of(candidate(conflict=True)) == ["question"]
    assert obstacle_of(candidate(), candidate(represented=True)) == ["birth_date"]


def record(*, archived: bool = False) -> Patient:
    data = PatientData("Erika", "Beispiel", date(1961, 4, 12), "a@example.com", "+4915112345678", None)
    marks = (False, False, archived, False)
    state = PatientState(_PRACTICES[0], uuid4(), 1, 1, True, True, False, False, 0, *marks, permitted=False)
    return Patient(data, state, datetime(2026, 1, 1, tzinfo=UTC))


def test_an_import_takes_everything_but_a_verified_contact() -> None:
    before = record()
    imported = replace(before.data, family_name="Neu", mobile="+4915187654321")
    free = judge_row(before, imported, verified=False)
    assert (free.outcome, free.data, free.refused_contact) == ("updated", imported, None)
    kept = judge_row(before, imported, verified=True)
    assert (kept.outcome, kept.refused_contact) == ("differs", imported.contact)
    assert kept.data == replace(before.data, family_name="Neu")


def test_an_import_changes_no_merged_record_and_none_that_says_the_same() -> None:
    before = record()
    assert judge_row(before, before.data, verified=True).outcome == "unchanged"
    merged = record(archived=True)
    assert judge_row(merged, replace(merged.data, family_name="Neu"), verified=False).data == merged.data
