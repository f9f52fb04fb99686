"""What the pages about patients make of typed searches and dates, and what they say of a record."""

from datetime import date, timedelta

import pytest

from praxispost.identity.v1.access_pb2 import GetAccessResponse
from praxispost.identity.v1.imports_pb2 import GetImportDifferenceResponse
from praxispost.identity.v1.patients_pb2 import ContactState, Patient, PatientData
from praxispost.identity.v1.readers_pb2 import GetReadersResponse, Representation
from services.portal.practice.patients.ages import age, iso_date
from services.portal.practice.patients.concerns import Overview, concerns
from services.portal.practice.patients.record_form import changed_fields
from services.portal.practice.patients.searching import searchable
from services.portal.practice.patients.standing import can_be_written_to, pills

_TODAY = date(2026, 11, 26)
_READY = {"has_email": True, "has_mobile": True}


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("must eri", "must eri"),
        ("M", ""),
        ("Must E", "Must"),
        ("Must 12.0", "Must"),
        ("Must 12.08.1964", "Must 12.08.1964"),
        ("12/8/1964", "12.8.1964"),
        ("12081964 must", "12.08.1964 must"),
        ("1964-08-12", "1964-08-12"),
        ("  \t ", ""),
        ("Öz", "Öz"),
        ("D'Angelo", "D'Angelo"),
    ],
)
def test_a_search_leaves_out_what_is_only_begun(typed: str, wanted: str) -> None:
    assert searchable(typed) == wanted


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("12.08.1964", "1964-08-12"),
        ("1.2.2003", "2003-02-01"),
        (" 12/8/1964 ", "1964-08-12"),
        ("12081964", "1964-08-12"),
        ("31.02.1964", "1964-02-31"),
        ("1964-08-12", "1964-08-12"),
        ("gestern", "gestern"),
        ("", ""),
    ],
)
def test_birth_dates_are_read_as_people_type_them(typed: str, wanted: str) -> None:
    assert iso_date(typed) == wanted


@pytest.mark.parametrize(
    ("born", "years"),
    [("1964-08-12", 62), ("2012-11-26", 14), ("2012-11-27", 13), ("2008-02-29", 18), ("", None)],
)
def test_somebody_is_a_year_older_on_the_birthday(born: str, years: int | None) -> None:
    assert age(born, _TODAY) == years


def test_another_way_to_write_a_number_is_no_change() -> None:
    before = PatientData(given_name="Erika", mobile="+491713920999", email="e@post.example")
    after = PatientData(given_name="Erika ", mobile="+49 171 / 3920-999", email="f@post.example")
    assert changed_fields(before, after) == ["email"]


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        (ContactState(**_READY), ["kann Nachrichten bekommen"]),
        (ContactState(**_READY, bound=True), ["Konto verknüpft"]),
        (ContactState(), ["E-Mail fehlt", "Handy fehlt"]),
        (ContactState(**_READY, conflict=True, bound=True), ["„Wer liest?“ offen", "Konto verknüpft"]),
        (ContactState(has_mobile=True, deceased=True, objected=True), ["verstorben"]),
    ],
)
def test_the_pills_say_what_matters(contact: ContactState, said: list[str]) -> None:
    assert [pill.text for pill in pills(contact)] == said


def test_only_who_is_reachable_and_willing_is_written_to() -> None:
    assert can_be_written_to(ContactState(**_READY))
    assert not can_be_written_to(ContactState(has_email=True))
    for flag in ("conflict", "objected", "deceased", "archived"):
        assert not can_be_written_to(ContactState(**_READY, **{flag: True}))


def test_about_the_dead_nothing_else_is_asked() -> None:
    known = _known(ContactState(deceased=True), access=GetAccessResponse(not_for_me=True))
    assert len(concerns(known, _TODAY)) == 1


def test_a_representation_is_mentioned_when_it_ends_soon() -> None:
    def ending(days: int) -> Overview:
        ends_on = (_TODAY + timedelta(days=days)).isoformat()
        readers = GetReadersResponse(representation=Representation(ends_on=ends_on))
        return _known(ContactState(**_READY), readers=readers)

    assert [each.path for each in concerns(ending(30), _TODAY)] == ["/readers"]
    assert concerns(ending(31), _TODAY) == []


def _known(
    contact: ContactState,
    access: GetAccessResponse | None = None,
    readers: GetReadersResponse | None = None,
) -> Overview:
    return Overview(
        Patient(contact=contact),
        access or GetAccessResponse(),
        readers or GetReadersResponse(),
        GetImportDifferenceResponse(),
    )
