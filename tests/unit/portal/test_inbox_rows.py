"""What a line of the inbox says of its conversation, and how much waits in each view."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from praxispost.identity.v1.staff_pb2 import StaffMember, StaffState
from praxispost.messaging.v1.messaging_pb2 import (
    Answering,
    Conversation,
    ConversationState,
    Direction,
    MessageSummary,
    Purpose,
)
from praxispost.messaging.v1.work_pb2 import GetTaskCountsResponse, TaskCount, WorkKind
from services.portal.practice.inbox.filters import known, tabs
from services.portal.practice.inbox.rows import Mark, Row, rows_of, subject_of
from services.portal.practice.names import Colleagues, PatientName
from services.portal.words import Words

_WORDS = Words("de", ZoneInfo("Europe/Berlin"))
_NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_ERIKA = PatientName("erika", "Erika", "Mustermann", "12.08.1964")
_COLLEAGUES = Colleagues(
    {
        "jonas": StaffMember(
            id="jonas", given_name="Jonas", family_name="Weber", state=StaffState.STAFF_STATE_ACTIVE
        ),
        "gone": StaffMember(
            id="gone", given_name="Gerd", family_name="Gone", state=StaffState.STAFF_STATE_DISABLED
        ),
    },
    _WORDS,
)
_OURS = MessageSummary(
    direction=Direction.DIRECTION_TO_PATIENT, purpose=Purpose.PURPOSE_INVOICE, subject="Rechnung"
)
_THEIRS = MessageSummary(direction=Direction.DIRECTION_TO_PRACTICE, in_reply_to_subject="Rechnung")


def _row(conversation: Conversation) -> Row:
    conversation.patient_id = "erika"
    [row] = rows_of(_WORDS, _NOW, [conversation], {"erika": _ERIKA}, _COLLEAGUES, "me")
    return row


def test_a_line_names_patient_purpose_and_subject() -> None:
    row = _row(Conversation(newest=_OURS))
    assert (row.patient.listed, row.purpose, row.subject) == ("Mustermann, Erika", "Rechnung", "Rechnung")
    assert row.tick is not None
    assert not row.needs_somebody
    assert row.marks == []


def test_an_answer_has_no_tick_of_ours() -> None:
    row = _row(Conversation(newest=_THEIRS, unread_answers=2))
    assert row.tick is None
    assert row.subject == "Antwort auf „Rechnung“"
    assert row.is_new
    assert row.marks == [Mark("new", "2 neue Antworten")]


def test_an_answer_to_what_was_erased_is_called_an_answer() -> None:
    assert subject_of(_WORDS, MessageSummary(direction=Direction.DIRECTION_TO_PRACTICE)) == "Antwort"


def test_erased_content_has_no_subject() -> None:
    message = MessageSummary(direction=Direction.DIRECTION_TO_PATIENT)
    message.erased_at.FromDatetime(_NOW)
    assert subject_of(_WORDS, message) == "Inhalt gelöscht"


@pytest.mark.parametrize("field", ["unread_answers", "failed", "due", "held", "patient_tasks"])
def test_each_kind_of_task_needs_somebody(field: str) -> None:
    conversation = Conversation(newest=_OURS)
    setattr(conversation, field, 1)
    row = _row(conversation)
    assert row.needs_somebody
    assert len(row.marks) == 1


def test_drafts_assignments_and_what_is_done_are_marked_without_needing_anybody() -> None:
    done = ConversationState.CONVERSATION_STATE_DONE
    row = _row(Conversation(newest=_OURS, drafts=1, assigned_to="jonas", state=done))
    assert [mark.text for mark in row.marks] == ["Entwurf", "für Jonas Weber", "erledigt"]
    assert not row.needs_somebody
    assert [mark.text for mark in _row(Conversation(newest=_OURS, assigned_to="me")).marks] == ["für mich"]


def test_who_is_writing_is_named_until_that_is_over_and_oneself_is_not() -> None:
    conversation = Conversation(newest=_OURS)
    for staff_id, seconds in (("jonas", 30), ("gone", 0), ("me", 30)):
        answering = Answering(staff_id=staff_id)
        answering.until.FromDatetime(_NOW + timedelta(seconds=seconds))
        conversation.answering.append(answering)
    assert [each.name for each in _row(conversation).writing] == ["Jonas Weber"]


def test_only_who_can_log_in_is_at_work() -> None:
    assert [each.id for each in _COLLEAGUES.at_work] == ["jonas"]
    assert _COLLEAGUES.name("gone") == "Gerd Gone"
    assert _COLLEAGUES.name("nobody") == "jemand, der nicht mehr hier ist"


def test_views_carry_counts_and_held_ones_are_offered_only_where_there_are_some() -> None:
    counts = GetTaskCountsResponse(
        counts=[
            TaskCount(kind=WorkKind.WORK_KIND_UNREAD_ANSWER, count=2),
            TaskCount(kind=WorkKind.WORK_KIND_CANNOT_GET_IN, count=1),
        ],
        assigned_to_me=4,
    )
    shown = {tab.key: tab.count for tab in tabs(_WORDS, counts, "all")}
    assert (shown["waiting"], shown["answers"], shown["mine"], shown["all"]) == (3, 2, 4, 0)
    assert "held" not in shown
    assert "held" in {tab.key for tab in tabs(_WORDS, counts, "held")}
    counts.counts.append(TaskCount(kind=WorkKind.WORK_KIND_HELD, count=1))
    assert {tab.key: tab.count for tab in tabs(_WORDS, counts, "all")}["held"] == 1


def test_an_unknown_view_is_the_first() -> None:
    assert (known("due"), known("nonsense"), known("")) == ("due", "all", "all")
