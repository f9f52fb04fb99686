"""What the pages about patients make of typed searches and dates, and what they say of a record."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from praxispost.identity.v1.access_pb2 import GetAccessResponse
from praxispost.identity.v1.imports_pb2 import GetImportDifferenceResponse
from praxispost.identity.v1.patients_pb2 import ContactState, Patient, PatientData
from praxispost.identity.v1.readers_pb2 import GetReadersResponse, Representation
from praxispost.messaging.v1.messaging_pb2 import Direction, MessageSummary, Receipt, ReceiptState
from praxispost.messaging.v1.work_pb2 import Task, WorkKind
from praxispost.notifier.v1.events_pb2 import PromptFailure
from praxispost.notifier.v1.prompts_pb2 import (
    Prompt,
    PromptAttempt,
    PromptReport,
    PromptReportKind,
    PromptState,
)
from services.portal.practice.patients.ages import age, iso_date
from services.portal.practice.patients.concerns import Overview, concerns
from services.portal.practice.patients.prompts import prompt_lines, to_announce
from services.portal.practice.patients.reader_answers import choices, day_after, last_day
from services.portal.practice.patients.record_form import changed_fields
from services.portal.practice.patients.searching import searchable
from services.portal.practice.patients.standing import can_be_written_to, pills
from services.portal.practice.tasks.kinds import KINDS
from services.portal.words import Words

_TODAY = date(2026, 11, 26)
_READY = {"has_email": True, "has_mobile": True}
_GERMAN = Words("de", ZoneInfo("Europe/Berlin"))


def _reported(*kinds: str) -> Prompt:
    values = [PromptReportKind.Value(f"PROMPT_REPORT_KIND_{kind}") for kind in kinds]
    return Prompt(
        state=PromptState.PROMPT_STATE_ACCEPTED, reports=[PromptReport(kind=each) for each in values]
    )


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


def test_a_last_day_is_the_one_before_the_first_that_counts_no_more() -> None:
    assert day_after("2028-12-31") == "2029-01-01"
    assert last_day("2029-01-01") == "2028-12-31"
    assert (day_after(""), last_day("")) == ("", "")
    assert day_after("9999-12-31") == "9999-12-31"
    assert day_after("gestern") == "gestern"


def test_no_minor_is_offered_as_a_reader() -> None:
    mother, child = _named("mother", "1988-02-03"), _named("child", "2019-04-05")
    assert [each.value for each in choices(child, [mother], _TODAY)] == ["mother/child"]
    unknown = _named("unknown", "")
    assert {each.value for each in choices(child, [unknown], _TODAY)} == {"unknown/child"}


def test_the_newest_unread_message_is_announced_again() -> None:
    def message(name: str, state: ReceiptState.ValueType, *, ours: bool = True) -> MessageSummary:
        direction = Direction.DIRECTION_TO_PATIENT if ours else Direction.DIRECTION_TO_PRACTICE
        return MessageSummary(id=name, direction=direction, receipt=Receipt(state=state))

    answer = message("answer", ReceiptState.RECEIPT_STATE_SENT, ours=False)
    held = message("held", ReceiptState.RECEIPT_STATE_HELD)
    withdrawn = message("withdrawn", ReceiptState.RECEIPT_STATE_SENT)
    withdrawn.withdrawn_at.GetCurrentTime()
    read = message("read", ReceiptState.RECEIPT_STATE_READ)
    unread = message("unread", ReceiptState.RECEIPT_STATE_FAILED)
    older = message("older", ReceiptState.RECEIPT_STATE_SENT)
    assert to_announce([answer, held, withdrawn, read, unread, older]) == unread
    assert to_announce([answer, held, withdrawn, read]) is None


@pytest.mark.parametrize(
    ("prompt", "kind", "said"),
    [
        (Prompt(state=PromptState.PROMPT_STATE_WAITING), "plain", "Wird versandt"),
        (
            Prompt(state=PromptState.PROMPT_STATE_WAITING, attempts=[PromptAttempt(smtp_code=451)]),
            "warn",
            "Noch nicht gelungen",
        ),
        (Prompt(state=PromptState.PROMPT_STATE_ACCEPTED), "plain", "Versandt, Ankunft unbestätigt"),
        (_reported("DELAYED", "DELIVERED"), "good", "Vom Mailserver angenommen"),
        (_reported("DELIVERED", "FAILED"), "bad", "Kam zurück"),
        (_reported("FAILED", "NOT_FOR_ME"), "bad", "„Nicht für mich“"),
        (Prompt(state=PromptState.PROMPT_STATE_NOT_NEEDED), "plain", "Nicht mehr nötig"),
        (
            Prompt(
                state=PromptState.PROMPT_STATE_FAILED, failure=PromptFailure.PROMPT_FAILURE_ADDRESS_SUSPECT
            ),
            "bad",
            "Nicht versandt, weil die Adresse unsicher ist",
        ),
    ],
)
def test_a_prompt_says_the_weightiest_that_is_known_of_it(prompt: Prompt, kind: str, said: str) -> None:
    [line] = prompt_lines(_GERMAN, [prompt])
    assert line.outcome.kind == kind
    assert line.outcome.text.startswith(said)


def _named(name: str, born: str) -> Patient:
    return Patient(id=name, data=PatientData(birth_date=born))


def test_every_kind_of_task_has_its_words_and_its_place() -> None:
    for kind in set(WorkKind.values()) - {WorkKind.WORK_KIND_UNSPECIFIED}:
        task = Task(id="task", patient_id="patient", conversation_id="conversation", kind=kind)
        assert KINDS[kind].where(task).startswith(("/practice/patients/patient", "/practice/conversations/"))
