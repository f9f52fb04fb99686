"""What is typed on the sheet: kept as it is where that is possible, and said where it is not."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from praxispost.identity.v1.patients_pb2 import ContactState, Patient, PatientData
from praxispost.messaging.v1.drafts_pb2 import Draft, DraftContent, DraftSummary
from praxispost.messaging.v1.messaging_pb2 import Purpose
from services.portal.practice.writing.letter import Letter, same
from services.portal.practice.writing.obstacles import obstacles
from services.portal.visits import Form
from services.portal.words import Words

_WORDS = Words("de", ZoneInfo("Europe/Berlin"))
_NOW = datetime(2026, 11, 26, 23, 30, tzinfo=UTC)
_LETTER = Letter(
    "patient",
    "request",
    purpose="findings",
    subject="Ihre Werte",
    body="Alles gut.\nBis bald.",
    reply_allowed=True,
    reply_days="14",
    read_by="2026-12-01",
    attachments=("one", "two"),
)


def test_what_a_draft_kept_is_shown_as_it_was_typed() -> None:
    content = _LETTER.content(_WORDS)
    summary = DraftSummary(id="draft", patient_id="patient", version=3)
    shown = Letter.of_draft(Draft(summary=summary, content=content), "request", _WORDS)
    assert shown == replace(_LETTER, draft_id="draft", version=3)


def test_a_form_is_read_as_it_was_typed() -> None:
    form = Form(
        [
            ("patient_id", "patient"),
            ("request_id", "request"),
            ("draft_id", ""),
            ("version", "0"),
            ("purpose", "findings"),
            ("subject", "Ihre Werte"),
            ("body", "Alles gut.\r\nBis bald."),
            ("reply_allowed", "yes"),
            ("reply_days", "14"),
            ("read_by", "2026-12-01"),
            ("attachment", "one"),
            ("attachment", "two"),
        ]
    )
    assert Letter.of_form(form) == _LETTER


@pytest.mark.parametrize("typed", ["0", "366", "²", "00001" + "9" * 40])
def test_days_that_are_none_are_said_where_they_were_typed(typed: str) -> None:
    assert "reply_days" in replace(_LETTER, reply_days=typed).wrong(_WORDS, _NOW)


@pytest.mark.parametrize("typed", ["²", "-1", "", "9" * 40])
def test_a_version_that_is_none_is_none(typed: str) -> None:
    assert Letter.of_form(Form([("version", typed)])).version == 0


def test_read_by_means_the_end_of_that_day_where_the_practice_is() -> None:
    read_by = _LETTER.content(_WORDS).read_by.ToDatetime(UTC)
    assert read_by == datetime(2026, 12, 1, 22, 59, 59, tzinfo=UTC)


def test_a_period_stands_only_where_an_answer_is_allowed() -> None:
    assert _LETTER.content(_WORDS).reply_period_days == 14
    assert replace(_LETTER, reply_allowed=False).content(_WORDS).reply_period_days == 0


@pytest.mark.parametrize(
    ("field", "letter"),
    [
        ("subject", replace(_LETTER, subject="a" * 201)),
        ("body", replace(_LETTER, body="a" * 20_001)),
        ("reply_days", replace(_LETTER, reply_days="0")),
        ("reply_days", replace(_LETTER, reply_days="366")),
        ("reply_days", replace(_LETTER, reply_days="bald")),
        ("read_by", replace(_LETTER, read_by="2026-11-26")),
        ("read_by", replace(_LETTER, read_by="2028-01-01")),
        ("read_by", replace(_LETTER, read_by="morgen")),
    ],
)
def test_what_cannot_be_kept_is_said_at_its_field(field: str, letter: Letter) -> None:
    assert set(letter.wrong(_WORDS, _NOW)) == {field}


def test_today_counts_where_the_practice_is() -> None:
    # In Berlin it is the 27th already.
    assert replace(_LETTER, read_by="2026-11-27").wrong(_WORDS, _NOW) == {}


def test_a_text_says_by_how_much_it_is_too_long() -> None:
    wrong = replace(_LETTER, body="ä" * 20_012).wrong(_WORDS, _NOW)
    assert wrong["body"] == "Der Text ist um 12 Zeichen zu lang."


def test_an_empty_sheet_can_be_kept_but_not_sent() -> None:
    empty = Letter("patient", "request")
    assert empty.wrong(_WORDS, _NOW) == {}
    assert set(empty.unfinished(_WORDS)) == {"purpose", "subject", "body"}
    assert _LETTER.unfinished(_WORDS) == {}


def test_the_usual_period_is_the_same_whether_it_is_named_or_not() -> None:
    named = DraftContent(reply_allowed=True, reply_period_days=30)
    assert same(named, DraftContent(reply_allowed=True))
    assert not same(named, DraftContent(reply_allowed=True, reply_period_days=31))
    assert not same(DraftContent(purpose=Purpose.PURPOSE_INVOICE), DraftContent())


@pytest.mark.parametrize(
    ("contact", "link", "final"),
    [
        (ContactState(has_email=True), "/practice/patients/1/edit", False),
        (ContactState(has_mobile=True), "/practice/patients/1/edit", False),
        (ContactState(), "/practice/patients/1/edit", False),
        (ContactState(has_email=True, has_mobile=True, conflict=True), "/practice/patients/1/readers", False),
        (ContactState(deceased=True), "/practice/patients/1", True),
        (ContactState(has_email=True, has_mobile=True, objected=True), "/practice/patients/1", True),
        (ContactState(deceased=True, archived=True, conflict=True), "/practice/patients/1", True),
    ],
)
def test_each_obstacle_leads_to_where_it_is_mended(contact: ContactState, link: str, *, final: bool) -> None:
    found = obstacles(_WORDS, _patient(contact))
    assert [(each.link, each.final) for each in found] == [(link, final)]


def test_a_suspect_address_does_not_keep_anybody_from_sending() -> None:
    contact = ContactState(has_email=True, has_mobile=True, address_suspect=True)
    assert [each.blocks for each in obstacles(_WORDS, _patient(contact))] == [False]
    assert obstacles(_WORDS, _patient(ContactState(has_email=True, has_mobile=True))) == []


def _patient(contact: ContactState) -> Patient:
    return Patient(id="1", data=PatientData(given_name="Mia", family_name="Klein"), contact=contact)
