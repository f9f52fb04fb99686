"""A practice's day: what needs somebody, who does it, what is done, and what becomes of a leaver's work."""

from __future__ import annotations

from praxispost.identity.v1 import staff_pb2
from praxispost.messaging.v1 import messaging_pb2, work_pb2
from tests.story.callers import Caller
from tests.story.cast import (
    Contact,
    Practice,
    eventually,
    message_to,
    new_id,
    refusal_of,
    register,
    unique_email,
    unique_mobile,
)
from tests.story.steps import Play


def a_practice_shares_its_work(play: Play) -> str:
    """An answer needs somebody; a nurse takes it, answers, is done; what she leaves goes to a colleague."""
    practice = Practice.opened(play.stage, "Gemeinschaftspraxis Nord")
    nurse = practice.invited(staff_pb2.STAFF_ROLE_ASSISTANT, "Nora", "Nordmann")
    contact = Contact("Hans", "Holm", "1949-11-30", unique_email("hans"), unique_mobile())
    patient_id = practice.record(practice.admin, contact)
    sent = practice.admin.messages.SendMessage(message_to(patient_id))
    patient = register(play.stage, contact)
    answer_id = _answer(practice, patient, sent.message_id)
    assert _needing_somebody(practice.admin) == [sent.conversation_id]
    [count] = practice.admin.work.GetTaskCounts(work_pb2.GetTaskCountsRequest()).counts
    assert (count.kind, count.count) == (work_pb2.WORK_KIND_UNREAD_ANSWER, 1), count
    [task] = practice.admin.work.ListTasks(work_pb2.ListTasksRequest()).tasks
    assert (task.id, task.patient_id) == (answer_id, patient_id), task

    nurse_id = _id_of(practice, "Nora")
    _take(nurse, sent.conversation_id, nurse_id)
    [line] = practice.admin.messages.ListConversations(messaging_pb2.ListConversationsRequest()).conversations
    assert (line.assigned_to, [each.staff_id for each in line.answering]) == (nurse_id, [nurse_id]), line
    _finish(nurse, sent.conversation_id, answer_id)
    assert _needing_somebody(practice.admin) == []
    _answer(practice, patient, sent.message_id)
    assert _needing_somebody(practice.admin) == [sent.conversation_id]
    return _leave(practice, sent.conversation_id, nurse_id)


def _answer(practice: Practice, patient: Caller, message_id: str) -> str:
    request = messaging_pb2.SendReplyRequest(
        request_id=new_id(), practice_id=practice.id, in_reply_to=message_id, body="Und die Tabletten?"
    )
    return patient.messages.SendReply(request).message_id


def _needing_somebody(staff: Caller) -> list[str]:
    request = work_pb2.ListWorkRequest(filter=work_pb2.WORK_FILTER_NEEDS_SOMEBODY)
    return [each.id for each in staff.work.ListWork(request).conversations]


def _id_of(practice: Practice, given_name: str) -> str:
    members = practice.admin.staff.ListStaffMembers(staff_pb2.ListStaffMembersRequest()).staff_members
    [found] = [each.id for each in members if each.given_name == given_name]
    return found


def _take(staff: Caller, conversation_id: str, staff_id: str) -> None:
    staff.work.Assign(work_pb2.AssignRequest(conversation_id=conversation_id, staff_id=staff_id))
    staff.work.AnnounceAnswering(work_pb2.AnnounceAnsweringRequest(conversation_id=conversation_id))


def _finish(staff: Caller, conversation_id: str, answer_id: str) -> None:
    done = work_pb2.MarkDoneRequest(conversation_id=conversation_id)
    assert refusal_of(staff.work.MarkDone, done).reason == "ANSWERS_UNREAD"
    staff.messages.OpenMessage(messaging_pb2.OpenMessageRequest(message_id=answer_id))
    assert _state(staff, conversation_id).state == messaging_pb2.CONVERSATION_STATE_OPEN
    staff.work.MarkDone(done)
    assert _state(staff, conversation_id).state == messaging_pb2.CONVERSATION_STATE_DONE


def _leave(practice: Practice, conversation_id: str, nurse_id: str) -> str:
    admin, admin_id = practice.admin, _id_of(practice, "Anke")
    assert _state(admin, conversation_id).assigned_to == nurse_id
    admin.staff.DisableStaffMember(staff_pb2.DisableStaffMemberRequest(staff_id=nurse_id))
    eventually(
        lambda: _state(admin, conversation_id).assigned_to,
        lambda assigned_to: not assigned_to,
        "still assigned to who was disabled",
    )
    back = work_pb2.AssignRequest(conversation_id=conversation_id, staff_id=nurse_id)
    assert refusal_of(admin.work.Assign, back).reason == "STAFF_MEMBER_NOT_FOUND"
    request = work_pb2.HandOverRequest(from_staff_id=nurse_id, to_staff_id=admin_id)
    assert admin.work.HandOver(request).conversation_count == 1
    assert _state(admin, conversation_id).assigned_to == admin_id
    return (
        "taken, answered, done; reopened by an answer; nobody's when the nurse was disabled, then handed over"
    )


def _state(staff: Caller, conversation_id: str) -> messaging_pb2.Conversation:
    request = work_pb2.GetConversationRequest(conversation_id=conversation_id)
    return staff.work.GetConversation(request).conversation
