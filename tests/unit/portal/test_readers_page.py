"""What the page asks of a patient who is 14 now, which no test can wait for in a browser."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from starlette.requests import Request

from praxispost.identity.v1.patients_pb2 import Patient, PatientData
from praxispost.identity.v1.readers_pb2 import (
    GetReadersResponse,
    QuestionCause,
    ReaderQuestion,
    Representation,
    RepresentationBasis,
)
from services.portal.assets import Assets
from services.portal.pages import Pages
from services.portal.practice.patients.readers import reading_of
from services.portal.visits import Form, Visit
from services.portal.words import LANGUAGES, Words

_NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
_MOTHER = Patient(
    id="mother", data=PatientData(given_name="Lena", family_name="Lindner", email="l@post.example")
)
_CHILD = Patient(
    id="child",
    data=PatientData(
        given_name="Mia",
        family_name="Lindner",
        birth_date="2012-11-26",
        email="m@post.example",
        mobile="+491713920001",
    ),
)


@pytest.fixture(scope="module")
def pages() -> Pages:
    words = {language: Words(language, ZoneInfo("Europe/Berlin")) for language in LANGUAGES}
    return Pages(Assets(), words, {"imprint": "", "privacy": ""}, 1)


def _shown(pages: Pages, patient: Patient, readers: GetReadersResponse) -> str:
    request = Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []})
    words = Words("de", ZoneInfo("Europe/Berlin"))
    visit = Visit(request, words, _NOW, Form(), "token", pages, present=True)
    known = reading_of(visit, patient, readers, {_MOTHER.id: _MOTHER, _CHILD.id: _CHILD})
    person = {"id": "staff", "role": "assistant"}
    response = visit.page(
        "practice/patients/readers.html",
        status=200,
        person=person,
        notice=None,
        errors={},
        request_id="id",
        **known,
    )
    return bytes(response.body).decode()


def _represented(ends_on: str, *, asked: bool) -> GetReadersResponse:
    representation = Representation(
        patient_id=_CHILD.id,
        representative_id=_MOTHER.id,
        basis=RepresentationBasis.REPRESENTATION_BASIS_CUSTODY,
        ends_on=ends_on,
    )
    representation.began_at.FromDatetime(_NOW - timedelta(days=1000))
    question = ReaderQuestion(patient_id=_CHILD.id, cause=QuestionCause.QUESTION_CAUSE_FOURTEEN)
    return GetReadersResponse(question=question if asked else None, representation=representation)


def test_a_patient_of_14_goes_on_being_represented_or_reads_alone(pages: Pages) -> None:
    shown = _shown(pages, _CHILD, _represented("2030-11-26", asked=True))
    assert "Mia ist jetzt 14" in shown
    assert 'value="mother/child"' in shown
    assert 'value="child/mother"' not in shown
    assert "Mia liest ab jetzt allein" in shown
    assert "Es ist dieselbe Person" not in shown
    assert "25.11.2030" in shown


def test_who_has_no_number_of_the_own_cannot_read_alone_yet(pages: Pages) -> None:
    same = Patient()
    same.CopyFrom(_CHILD)
    same.data.email = _MOTHER.data.email
    same.data.mobile = _MOTHER.data.mobile
    shown = _shown(pages, same, _represented("2030-11-26", asked=True))
    assert 'action="/practice/patients/child/readers/own"' not in shown


def test_it_is_said_that_custody_ends_soon(pages: Pages) -> None:
    soon = (date(2026, 11, 26) + timedelta(days=20)).isoformat()
    assert "Das Sorgerecht endet bald." in _shown(pages, _CHILD, _represented(soon, asked=False))
    assert "endet bald" not in _shown(pages, _CHILD, _represented("2030-11-26", asked=False))
