"""The practice's work: done and reopened, assigned and handed over, and who is answering right now."""

from typing import Any
from uuid import UUID, uuid4

from chassis.caller import Caller
from praxispost.identity.v1 import staff_pb2
from praxispost.identity.v1.events_pb2 import StaffDisabled, StaffEnabled
from praxispost.messaging.v1 import messaging_pb2 as wire
from praxispost.messaging.v1 import work_pb2
from services.messaging.changes.domain import Change, ChangeKind
from services.messaging.changes.watching import Subscription
from services.messaging.work.domain import ANSWERING_LASTS
from services.messaging.work.events import StaffEvents
from tests.integration.messaging.post import Post, account, reason, refusing, service, staff


def colleague(post: Post, practice_id: UUID, role: str = "assistant") -> Caller:
    """Somebody else of the practice, whom identity knows."""
    member = staff(practice_id, role)
    post.neighbours.members[practice_id, member.subject_id] = staff_pb2.STAFF_STATE_ACTIVE
    return member


async def conversation(post: Post, who: Caller, conversation_id: str) -> wire.Conversation:
    request = work_pb2.GetConversationRequest(conversation_id=conversation_id)
    return (await refusing(post.work.GetConversation(request, metadata=post.to(who)))).conversation


async def mark_done(post: Post, who: Caller, conversation_id: str) -> None:
    request = work_pb2.MarkDoneRequest(conversation_id=conversation_id)
    await refusing(post.work.MarkDone(request, metadata=post.to(who)))


async def reopen(post: Post, who: Caller, conversation_id: str) -> None:
    request = work_pb2.ReopenRequest(conversation_id=conversation_id)
    await refusing(post.work.Reopen(request, metadata=post.to(who)))


async def assign(post: Post, who: Caller, conversation_id: str, staff_id: UUID | str = "") -> None:
    request = work_pb2.AssignRequest(conversation_id=conversation_id, staff_id=str(staff_id))
    await refusing(post.work.Assign(request, metadata=post.to(who)))


async def announce(post: Post, who: Caller, conversation_id: str, **changed: Any) -> list[str]:
    request = work_pb2.AnnounceAnsweringRequest(conversation_id=conversation_id, **changed)
    response = await refusing(post.work.AnnounceAnswering(request, metadata=post.to(who)))
    return [each.staff_id for each in response.colleagues]


async def hand_over(post: Post, admin: Caller, giver: UUID, taker: UUID | str = "") -> int:
    request = work_pb2.HandOverRequest(from_staff_id=str(giver), to_staff_id=str(taker))
    return (await refusing(post.work.HandOver(request, metadata=post.to(admin)))).conversation_count


async def disable(post: Post, member: Caller, version: int = 1) -> None:
    data = StaffDisabled(staff_id=str(member.subject_id))
    await post.hear(StaffEvents(post.clock).disabled, member.tenants[0], member.subject_id, version, data)


async def enable(post: Post, member: Caller, version: int) -> None:
    data = StaffEnabled(staff_id=str(member.subject_id))
    await post.hear(StaffEvents(post.clock).enabled, member.tenants[0], member.subject_id, version, data)


async def assigned_to(post: Post, who: Caller, conversation_id: str) -> str:
    return (await conversation(post, who, conversation_id)).assigned_to


async def test_done_lasts_until_the_patient_answers_and_reading_does_not_make_it_done(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    sent = await post.send(physician, patient_id)
    patient = account((physician.tenants[0], patient_id))
    assert (await conversation(post, physician, sent.conversation_id)).state == wire.CONVERSATION_STATE_OPEN
    await mark_done(post, physician, sent.conversation_id)
    await post.send(physician, patient_id)
    assert (await conversation(post, physician, sent.conversation_id)).state == wire.CONVERSATION_STATE_DONE
    answer = await post.reply(patient, sent.message_id)
    assert (await conversation(post, physician, sent.conversation_id)).state == wire.CONVERSATION_STATE_OPEN
    await post.open(physician, answer.message_id)
    (line,) = (await post.conversations(physician)).conversations
    assert (line.state, line.unread_answers) == (wire.CONVERSATION_STATE_OPEN, 0)


async def test_what_nobody_has_read_cannot_be_done(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    sent = await post.send(physician, patient_id)
    answer = await post.reply(account((physician.tenants[0], patient_id)), sent.message_id)
    assert await reason(mark_done(post, physician, sent.conversation_id)) == "ANSWERS_UNREAD"
    await post.open(physician, answer.message_id)
    await mark_done(post, physician, sent.conversation_id)


async def test_done_and_reopened_are_told_and_audited_once(post: Post) -> None:
    physician = staff()
    sent = await post.send(physician, post.patient(physician.tenants[0]))
    begin = (await post.changes(physician)).next_page_token
    for act in (mark_done, mark_done, reopen, reopen):
        await act(post, physician, sent.conversation_id)
    told = (await post.changes(physician, token=begin)).changes
    assert [(each.kind, each.conversation_id, each.message_id) for each in told] == [
        (wire.CHANGE_KIND_WORK, sent.conversation_id, "")
    ] * 2
    query = "SELECT action FROM audit WHERE object_id = :conversation ORDER BY id"
    rows = await post.rows(query, conversation=UUID(sent.conversation_id))
    assert [row.action for row in rows] == ["conversation.done", "conversation.reopened"]


async def test_a_conversation_is_assigned_to_active_colleagues_only(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    sent = await post.send(physician, post.patient(practice_id))
    nurse, gone = colleague(post, practice_id), colleague(post, practice_id)
    post.neighbours.members[practice_id, gone.subject_id] = staff_pb2.STAFF_STATE_DISABLED
    stranger = colleague(post, uuid4())
    await assign(post, physician, sent.conversation_id, nurse.subject_id)
    for nobody in (gone, stranger):
        refused = assign(post, physician, sent.conversation_id, nobody.subject_id)
        assert await reason(refused) == "STAFF_MEMBER_NOT_FOUND"
    assert await assigned_to(post, physician, sent.conversation_id) == str(nurse.subject_id)
    await assign(post, physician, sent.conversation_id)
    assert await assigned_to(post, physician, sent.conversation_id) == ""


async def test_while_identity_is_away_one_can_still_take_a_conversation_oneself(post: Post) -> None:
    physician = staff()
    sent = await post.send(physician, post.patient(physician.tenants[0]))
    post.neighbours.away.add("identity")
    other = assign(post, physician, sent.conversation_id, uuid4())
    assert await reason(other) == "DEPENDENCY_UNAVAILABLE"
    await assign(post, physician, sent.conversation_id, physician.subject_id)
    assert await assigned_to(post, physician, sent.conversation_id) == str(physician.subject_id)


async def test_what_a_disabled_member_had_is_nobodys_and_can_go_to_a_named_colleague(post: Post) -> None:
    admin = staff(role="admin")
    practice_id = admin.tenants[0]
    leaving, nurse = colleague(post, practice_id), colleague(post, practice_id)
    sent = [await post.send(admin, post.patient(practice_id)) for _ in range(3)]
    for each in sent:
        await assign(post, admin, each.conversation_id, leaving.subject_id)
    await mark_done(post, admin, sent[2].conversation_id)
    await disable(post, leaving)
    assert [await assigned_to(post, admin, each.conversation_id) for each in sent] == [""] * 3
    await assign(post, admin, sent[0].conversation_id, admin.subject_id)
    assert await hand_over(post, admin, leaving.subject_id, nurse.subject_id) == 2
    owners = [await assigned_to(post, admin, each.conversation_id) for each in sent]
    assert owners == [str(each.subject_id) for each in (admin, nurse, nurse)]
    assert await hand_over(post, admin, leaving.subject_id, nurse.subject_id) == 0


async def test_before_a_member_is_disabled_all_can_be_handed_over_too(post: Post) -> None:
    admin = staff(role="admin")
    practice_id = admin.tenants[0]
    leaving, nurse = colleague(post, practice_id), colleague(post, practice_id)
    sent = await post.send(admin, post.patient(practice_id))
    await assign(post, leaving, sent.conversation_id, leaving.subject_id)
    assert await hand_over(post, admin, leaving.subject_id, nurse.subject_id) == 1
    await disable(post, leaving)
    assert await assigned_to(post, admin, sent.conversation_id) == str(nurse.subject_id)
    assert await hand_over(post, admin, nurse.subject_id) == 1
    assert await assigned_to(post, admin, sent.conversation_id) == ""
    assert await reason(hand_over(post, admin, nurse.subject_id, uuid4())) == "STAFF_MEMBER_NOT_FOUND"


async def test_late_news_of_staff_do_not_undo_newer_ones(post: Post) -> None:
    admin = staff(role="admin")
    practice_id = admin.tenants[0]
    nurse = colleague(post, practice_id)
    sent = await post.send(admin, post.patient(practice_id))
    await disable(post, nurse, version=1)
    refused = assign(post, admin, sent.conversation_id, nurse.subject_id)
    assert await reason(refused) == "STAFF_MEMBER_NOT_FOUND"
    await enable(post, nurse, version=2)
    await assign(post, admin, sent.conversation_id, nurse.subject_id)
    await disable(post, nurse, version=1)
    assert await assigned_to(post, admin, sent.conversation_id) == str(nurse.subject_id)


async def test_colleagues_see_who_is_answering_until_that_ends(post: Post) -> None:
    physician, practice_id = (first := staff()), first.tenants[0]
    nurse = staff(practice_id)
    sent = await post.send(physician, post.patient(practice_id))
    assert await announce(post, physician, sent.conversation_id) == []
    assert await announce(post, nurse, sent.conversation_id) == [str(physician.subject_id)]
    (line,) = (await post.conversations(physician)).conversations
    there = {str(physician.subject_id), str(nurse.subject_id)}
    assert {each.staff_id for each in line.answering} == there
    assert await announce(post, nurse, sent.conversation_id, stopped=True) == [str(physician.subject_id)]
    post.clock.ahead += ANSWERING_LASTS
    assert not (await conversation(post, physician, sent.conversation_id)).answering


async def test_only_the_beginning_and_the_end_of_answering_are_told(post: Post) -> None:
    physician = staff()
    sent = await post.send(physician, post.patient(physician.tenants[0]))
    begin = (await post.changes(physician)).next_page_token
    for stopped in (False, False, True, True):
        await announce(post, physician, sent.conversation_id, stopped=stopped)
    told = (await post.changes(physician, token=begin)).changes
    assert [each.kind for each in told] == [wire.CHANGE_KIND_ANSWERING] * 2


async def test_patients_are_not_told_how_the_practice_works() -> None:
    practice_id, patient_id = uuid4(), uuid4()
    patient, physician = account((practice_id, patient_id)), staff(practice_id)
    now = physician.expires_at
    for kind in (ChangeKind.WORK, ChangeKind.ANSWERING, ChangeKind.TASK):
        change = Change(kind, practice_id, patient_id, uuid4(), None, now)
        message = Change(ChangeKind.MESSAGE, practice_id, patient_id, uuid4(), uuid4(), now)
        of_patient, of_practice = Subscription(patient), Subscription(physician)
        for each in (of_patient, of_practice):
            each.offer(change)
            each.offer(message)
        assert await anext(of_practice) == change
        assert await anext(of_patient) == message


async def test_work_is_the_practices_own(post: Post) -> None:
    physician, neighbour = staff(), staff()
    patient_id = post.patient(physician.tenants[0])
    sent = await post.send(physician, patient_id)
    for conversation_id in (sent.conversation_id, str(uuid4())):
        for call in (conversation, mark_done, reopen, assign, announce):
            assert await reason(call(post, neighbour, conversation_id)) == "CONVERSATION_NOT_FOUND"
    for outsider in (account((physician.tenants[0], patient_id)), service("portal")):
        assert await reason(mark_done(post, outsider, sent.conversation_id)) == "METHOD_NOT_ALLOWED"
    assert await reason(hand_over(post, physician, uuid4())) == "METHOD_NOT_ALLOWED"
