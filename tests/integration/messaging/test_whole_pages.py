"""Pages of the portal in few calls: whole conversations, the inbox by need, the mailbox by person."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from chassis.caller import Caller
from praxispost.identity.v1.events_pb2 import TaskKind, TaskOpened
from praxispost.messaging.v1 import messaging_pb2 as wire
from praxispost.messaging.v1 import work_pb2
from services.messaging.work.events import TaskEvents
from tests.integration.messaging.drafting import create_draft, document, withdraw
from tests.integration.messaging.guarding import House
from tests.integration.messaging.post import Post, account, reason, refusing, staff


async def _opened(
    post: Post, caller: Caller, ids: Sequence[str], practice_id: UUID | None = None
) -> list[wire.Message]:
    request = wire.OpenMessagesRequest(message_ids=ids, practice_id=str(practice_id or ""))
    return list((await refusing(post.stub.OpenMessages(request, metadata=post.to(caller)))).messages)


async def _work(
    post: Post, caller: Caller, wanted: work_pb2.WorkFilter.ValueType, **more: Any
) -> work_pb2.ListWorkResponse:
    request = work_pb2.ListWorkRequest(filter=wanted, **more)
    return await refusing(post.work.ListWork(request, metadata=post.to(caller)))


async def _mailbox(post: Post, caller: Caller, **fields: Any) -> wire.ListMailboxResponse:
    request = wire.ListMailboxRequest(**fields)
    return await refusing(post.stub.ListMailbox(request, metadata=post.to(caller)))


async def test_a_whole_conversation_is_opened_by_one_call_each_message_on_its_own(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    patient_id = post.patient(practice_id)
    patient = account((practice_id, patient_id))
    sent = await post.send(physician, patient_id, attachment_ids=[document(post)])
    answers = [await post.reply(patient, sent.message_id, body=f"Antwort {each}") for each in range(3)]
    ids = [answers[1].message_id, sent.message_id, answers[0].message_id]
    opened = await _opened(post, physician, ids)
    assert [each.summary.id for each in opened] == ids
    assert [each.body for each in opened] == ["Antwort 1", "Alles in Ordnung.", "Antwort 0"]
    assert [each.summary.in_reply_to_subject for each in opened] == ["Ihr Befund", "", "Ihr Befund"]
    assert [each.file_name for each in opened[1].attachments] == ["Befund.pdf"]
    assert opened[1].attachments[0].grant
    assert opened[0].summary.receipt.read_by == wire.READER_PRACTICE
    assert opened[1].summary.receipt.state == wire.RECEIPT_STATE_QUEUED
    [line] = (await post.conversations(physician)).conversations
    assert line.unread_answers == 1
    rows = await post.rows(
        "SELECT object_id FROM audit WHERE action = 'message.opened' AND actor_id = :who",
        who=physician.subject_id,
    )
    assert sorted(str(each.object_id) for each in rows) == sorted(ids)
    again = await _opened(post, physician, ids)
    assert again[0].summary.receipt == opened[0].summary.receipt
    [line] = (await post.conversations(physician)).conversations
    assert line.unread_answers == 1


async def test_what_was_withdrawn_comes_without_text_and_is_not_opened(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    patient_id = post.patient(practice_id)
    patient = account((practice_id, patient_id))
    blocked, fine = await post.send(physician, patient_id), await post.send(physician, patient_id)
    answer = await post.reply(patient, blocked.message_id)
    await withdraw(post, physician, blocked.message_id)
    ids = [each.message_id for each in (blocked, fine, answer)]
    first, second, third = await _opened(post, patient, ids, practice_id)
    assert (first.body, first.summary.subject, first.summary.HasField("withdrawn_at")) == ("", "", True)
    assert first.summary.receipt.state != wire.RECEIPT_STATE_READ
    assert (second.body, second.summary.receipt.state) == ("Alles in Ordnung.", wire.RECEIPT_STATE_READ)
    assert (third.body, third.summary.in_reply_to_subject) == ("Danke!", "")
    assert (await post.receipt(physician, blocked.message_id)).receipt.read_by == wire.READER_UNSPECIFIED
    [seen] = await _opened(post, physician, ids[:1])
    assert seen.body == "Alles in Ordnung."


async def test_all_are_opened_or_none(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    patient_id = post.patient(practice_id)
    mine = await post.send(physician, patient_id)
    others = await post.send(physician, post.patient(practice_id))
    patient = account((practice_id, patient_id))
    for wrong in (others.message_id, str(uuid4())):
        both = _opened(post, patient, [mine.message_id, wrong], practice_id)
        assert await reason(both) == "MESSAGE_NOT_FOUND"
    assert await reason(_opened(post, staff(), [mine.message_id])) == "MESSAGE_NOT_FOUND"
    state = (await post.receipt(physician, mine.message_id)).receipt.state
    assert state == wire.RECEIPT_STATE_QUEUED
    assert await reason(_opened(post, physician, [])) == "INVALID_FIELD"
    assert await reason(_opened(post, physician, [mine.message_id] * 2)) == "INVALID_FIELD"
    assert await reason(_opened(post, physician, [str(uuid4()) for _ in range(51)])) == "INVALID_FIELD"
    assert await reason(_opened(post, patient, [mine.message_id])) == "INVALID_FIELD"


async def test_what_is_held_cannot_be_opened_among_others_by_the_patient(post: Post) -> None:
    house = House(post)
    patient_id, held = await house.held()
    patient = account((house.practice_id, patient_id))
    assert await reason(_opened(post, patient, [held], house.practice_id)) == "MESSAGE_NOT_FOUND"
    [seen] = await _opened(post, house.colleague, [held])
    assert seen.body


async def test_the_inbox_shows_first_what_needs_somebody_page_by_page(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    patients = [post.patient(practice_id) for _ in range(5)]
    sent = [await post.send(physician, each) for each in patients]
    for place in (0, 2):
        await post.reply(account((practice_id, patients[place])), sent[place].message_id)
        await post.send(physician, patients[place])
    expected = [sent[place].conversation_id for place in (2, 0, 4, 3, 1)]
    for size in (1, 2, 3, 5, 10):
        seen: list[str] = []
        token = ""
        while True:
            page = await _work(post, physician, work_pb2.WORK_FILTER_ALL, page_size=size, page_token=token)
            assert 0 < len(page.conversations) <= size
            seen += [each.id for each in page.conversations]
            token = page.next_page_token
            if not token:
                break
        assert seen == expected
    plain = await post.conversations(physician, 1)
    mixed = _work(post, physician, work_pb2.WORK_FILTER_ALL, page_token=plain.next_page_token)
    assert await reason(mixed) == "INVALID_FIELD"


async def test_lists_can_be_narrowed_to_the_patients_that_a_search_found(post: Post) -> None:
    physician = staff()
    patients = [post.patient(physician.tenants[0]) for _ in range(4)]
    for each in patients:
        await post.send(physician, each)
    wanted = [str(patients[0]), str(patients[2]), str(uuid4())]
    found = await _work(post, physician, work_pb2.WORK_FILTER_ALL, patient_ids=wanted)
    assert [each.patient_id for each in found.conversations] == [wanted[1], wanted[0]]
    request = wire.ListConversationsRequest(patient_ids=wanted)
    listed = await refusing(post.stub.ListConversations(request, metadata=post.to(physician)))
    assert listed.conversations == found.conversations
    many = [str(uuid4()) for _ in range(201)]
    assert await reason(_work(post, physician, work_pb2.WORK_FILTER_ALL, patient_ids=many)) == "INVALID_FIELD"


async def test_lines_and_counts_say_what_else_waits(post: Post) -> None:
    house = House(post)
    patient_id, _ = await house.held()
    await create_draft(post, house.author, patient_id)
    task = TaskOpened(patient_id=str(patient_id), kind=TaskKind.TASK_KIND_CANNOT_GET_IN)
    await post.hear(TaskEvents(post.clock).opened, house.practice_id, uuid4(), 1, task)
    [line] = (await _work(post, house.author, work_pb2.WORK_FILTER_HELD)).conversations
    assert (line.held, line.patient_tasks, line.drafts, line.unread_by_patient) == (1, 1, 1, 0)
    assign = work_pb2.AssignRequest(conversation_id=line.id, staff_id=str(house.author.subject_id))
    await refusing(post.work.Assign(assign, metadata=post.to(house.author)))
    request = work_pb2.GetTaskCountsRequest()
    counts = await refusing(post.work.GetTaskCounts(request, metadata=post.to(house.author)))
    assert (counts.assigned_to_me, counts.drafts) == (1, 1)
    others = await refusing(post.work.GetTaskCounts(request, metadata=post.to(house.colleague)))
    assert (others.assigned_to_me, others.drafts) == (0, 1)


async def test_unread_answers_and_what_is_done_have_filters_of_their_own(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    patients = [post.patient(practice_id) for _ in range(3)]
    sent = [await post.send(physician, each) for each in patients]
    await post.reply(account((practice_id, patients[1])), sent[1].message_id)
    done = work_pb2.MarkDoneRequest(conversation_id=sent[2].conversation_id)
    await refusing(post.work.MarkDone(done, metadata=post.to(physician)))
    for wanted, place in ((work_pb2.WORK_FILTER_UNREAD_ANSWERS, 1), (work_pb2.WORK_FILTER_DONE, 2)):
        found = await _work(post, physician, wanted)
        assert [each.id for each in found.conversations] == [sent[place].conversation_id]


async def test_an_answer_is_listed_with_the_subject_that_it_answers(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    patient_id = post.patient(practice_id)
    patient = account((practice_id, patient_id))
    sent = await post.send(physician, patient_id, subject="Ihr Rezept")
    await post.reply(patient, sent.message_id)
    [line] = (await post.conversations(physician)).conversations
    assert (line.newest.subject, line.newest.in_reply_to_subject) == ("", "Ihr Rezept")
    assert (await post.history(physician, patient_id)).messages[0] == line.newest
    assert [each.in_reply_to_subject for each in (await post.mailbox(patient)).messages] == ["Ihr Rezept", ""]
    await withdraw(post, physician, sent.message_id)
    assert [each.in_reply_to_subject for each in (await post.mailbox(patient)).messages] == ["", ""]
    assert (await post.history(physician, patient_id)).messages[0].in_reply_to_subject == "Ihr Rezept"


async def test_the_mailbox_shows_the_unread_first_and_says_how_many_each_person_has(post: Post) -> None:
    practices = [staff(), staff()]
    bound = [(each.tenants[0], post.patient(each.tenants[0])) for each in practices]
    patient = account(*bound)
    sent = []
    for _ in range(3):
        for physician, (_, patient_id) in zip(practices, bound, strict=True):
            sent.append((await post.send(physician, patient_id)).message_id)
    for place in (5, 2):
        await post.open(patient, sent[place], bound[place % 2][0])
    await withdraw(post, practices[1], sent[3])
    expected = [sent[place] for place in (4, 1, 0, 5, 3, 2)]
    for size in (1, 2, 3, 4, 10):
        seen: list[str] = []
        token = ""
        while True:
            page = await _mailbox(post, patient, unread_first=True, page_size=size, page_token=token)
            seen += [each.id for each in page.messages]
            token = page.next_page_token
            if not token:
                break
        assert seen == expected
    unread = (await _mailbox(post, patient, page_size=1)).unread
    counts = {(each.practice_id, each.patient_id): each.count for each in unread}
    assert counts == {tuple(map(str, bound[0])): 2, tuple(map(str, bound[1])): 1}


async def test_the_mailbox_can_be_narrowed_to_one_person_and_to_the_answers_to_a_message(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    mother, child = post.patient(practice_id), post.patient(practice_id)
    patient = account((practice_id, mother), (practice_id, child))
    first, second = await post.send(physician, mother), await post.send(physician, child)
    answers = [(await post.reply(patient, second.message_id)).message_id for _ in range(2)]
    await post.reply(patient, first.message_id)
    for wish in ({"patient_id": str(child)}, {"patient_ids": [str(child)]}):
        narrowed = await _mailbox(post, patient, **wish)
        assert [each.id for each in narrowed.messages] == [*answers[::-1], second.message_id]
        assert {each.patient_id for each in narrowed.unread} == {str(mother), str(child)}
    assert (await post.receipt(physician, first.message_id)).receipt.state == wire.RECEIPT_STATE_QUEUED
    both = await _mailbox(post, patient, patient_id=str(mother), patient_ids=[str(child)])
    assert {each.patient_id for each in both.messages} == {str(mother), str(child)}
    stranger = str(post.patient(practice_id))
    assert not (await _mailbox(post, patient, patient_ids=[stranger])).messages
    assert await reason(_mailbox(post, patient, patient_ids=[stranger, stranger])) == "INVALID_FIELD"
    thread = await _mailbox(post, patient, in_reply_to=second.message_id)
    assert [each.id for each in thread.messages] == answers[::-1]
    assert not (await _mailbox(post, patient, patient_id=str(post.patient(practice_id)))).messages
    assert await reason(_mailbox(post, patient, patient_id="x")) == "INVALID_FIELD"
    assert await reason(_mailbox(post, patient, in_reply_to="x")) == "INVALID_FIELD"
