"""Lists of work: each filter finds its conversations, tasks come from everywhere, and each counts once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import Engine, event

from chassis.caller import Caller
from praxispost.identity.v1.events_pb2 import PatientChanged, TaskClosed, TaskKind, TaskOpened
from praxispost.messaging.v1 import guard_pb2, guard_pb2_grpc, work_pb2
from praxispost.messaging.v1 import messaging_pb2 as wire
from praxispost.notifier.v1.events_pb2 import PROMPT_FAILURE_ADDRESS_REFUSED, PromptFailed
from services.messaging.bindings import PROMPT_FAILED
from services.messaging.patients.learning import PatientEvents
from services.messaging.work.domain import WorkFilter, WorkKind
from services.messaging.work.events import TaskEvents
from tests.integration.messaging.post import Post, account, reason, refusing, service, staff

WEEK = timedelta(days=7, minutes=1)


class Office:
    """A practice at work."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.physician = staff()
        self.practice_id = self.physician.tenants[0]

    async def sent(self, who: Caller | None = None) -> tuple[UUID, wire.SendMessageResponse]:
        """A message to a new patient."""
        patient_id = self.post.patient(self.practice_id)
        return patient_id, await self.post.send(who or self.physician, patient_id)

    def patient(self, patient_id: UUID) -> Caller:
        return account((self.practice_id, patient_id))

    async def failed(self, message_id: str, contact: int = 1) -> None:
        """The newest prompt to these contact data did not arrive."""
        data = PromptFailed(
            message_id=message_id, contact_version=contact, failure=PROMPT_FAILURE_ADDRESS_REFUSED
        )
        data.failed_at.FromDatetime(self.post.clock())
        await self.post.hear_receipt(PROMPT_FAILED, self.practice_id, uuid4(), 1, data)

    async def corrected(self, patient_id: UUID, contact: int) -> None:
        """The record has other contact data now."""
        data = PatientChanged(contact_version=contact, has_email=True, has_mobile=True)
        handler = PatientEvents(self.post.clock).changed
        await self.post.hear(handler, self.practice_id, patient_id, contact, data)

    async def task(self, patient_id: UUID, kind: TaskKind.ValueType, *, closed: bool = False) -> UUID:
        """identity opens a task, and perhaps closes it; the end comes first."""
        task_id, events = uuid4(), TaskEvents(self.post.clock)
        if closed:
            end = TaskClosed(patient_id=str(patient_id), kind=kind)
            await self.post.hear(events.closed, self.practice_id, task_id, 2, end)
        begin = TaskOpened(patient_id=str(patient_id), kind=kind)
        await self.post.hear(events.opened, self.practice_id, task_id, 1, begin)
        return task_id

    async def work(
        self, wanted: WorkFilter, who: Caller | None = None, size: int = 0, token: str = ""
    ) -> work_pb2.ListWorkResponse:
        request = work_pb2.ListWorkRequest(
            filter=work_pb2.WorkFilter.ValueType(wanted), page_size=size, page_token=token
        )
        metadata = self.post.to(who or self.physician)
        return await refusing(self.post.work.ListWork(request, metadata=metadata))

    async def found(self, wanted: WorkFilter, who: Caller | None = None) -> set[str]:
        return {each.id for each in (await self.work(wanted, who)).conversations}

    async def done(self, conversation_id: str) -> None:
        request = work_pb2.MarkDoneRequest(conversation_id=conversation_id)
        await refusing(self.post.work.MarkDone(request, metadata=self.post.to(self.physician)))

    async def reopened(self, conversation_id: str) -> None:
        request = work_pb2.ReopenRequest(conversation_id=conversation_id)
        await refusing(self.post.work.Reopen(request, metadata=self.post.to(self.physician)))

    async def assigned(self, conversation_id: str, member: Caller) -> None:
        request = work_pb2.AssignRequest(conversation_id=conversation_id, staff_id=str(member.subject_id))
        await refusing(self.post.work.Assign(request, metadata=self.post.to(member)))

    async def tasks(self, size: int = 0, token: str = "") -> work_pb2.ListTasksResponse:
        request = work_pb2.ListTasksRequest(page_size=size, page_token=token)
        return await refusing(self.post.work.ListTasks(request, metadata=self.post.to(self.physician)))

    async def due(self, size: int = 0, token: str = "") -> work_pb2.ListDueResponse:
        request = work_pb2.ListDueRequest(page_size=size, page_token=token)
        return await refusing(self.post.work.ListDue(request, metadata=self.post.to(self.physician)))

    async def counts(self) -> dict[WorkKind, int]:
        request = work_pb2.GetTaskCountsRequest()
        response = await refusing(
            self.post.work.GetTaskCounts(request, metadata=self.post.to(self.physician))
        )
        return {WorkKind(each.kind): each.count for each in response.counts}


@contextmanager
def _counted() -> Iterator[list[str]]:
    """The statements on tables of practices that the api sends meanwhile."""
    seen: list[str] = []

    def see(*arguments: object) -> None:
        statement = str(arguments[2])
        if "practice_id" in statement:
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", see)
    yield seen
    event.remove(Engine, "before_cursor_execute", see)


@pytest_asyncio.fixture
async def office(post: Post) -> AsyncIterator[Office]:
    yield Office(post)


async def test_each_filter_finds_its_conversations(office: Office) -> None:
    nurse = staff(office.practice_id, "assistant")
    (_, old), (_, failing) = await office.sent(), await office.sent(nurse)
    office.post.clock.ahead += WEEK
    patient_id, read = await office.sent()
    patient = office.patient(patient_id)
    await office.post.open(patient, read.message_id)
    _, fresh = await office.sent(nurse)
    await office.failed(failing.message_id)
    _, settled = await office.sent()
    await office.done(settled.conversation_id)
    await office.assigned(fresh.conversation_id, nurse)
    conversations = {each.conversation_id for each in (old, failing, read, fresh)}
    assert await office.found(WorkFilter.OPEN) == conversations
    unread = {each.conversation_id for each in (old, failing, fresh, settled)}
    assert await office.found(WorkFilter.UNREAD_BY_PATIENT) == unread
    assert await office.found(WorkFilter.DUE) == {old.conversation_id}
    assert await office.found(WorkFilter.FAILED) == {failing.conversation_id}
    assert await office.found(WorkFilter.SENT_BY_ME, nurse) == {
        failing.conversation_id,
        fresh.conversation_id,
    }
    assert await office.found(WorkFilter.ASSIGNED_TO_ME, nurse) == {fresh.conversation_id}
    assert await office.found(WorkFilter.ASSIGNED_TO_ME) == set()
    needing = {old.conversation_id, failing.conversation_id}
    assert await office.found(WorkFilter.NEEDS_SOMEBODY) == needing
    await office.post.reply(patient, read.message_id)
    assert await office.found(WorkFilter.NEEDS_SOMEBODY) == {*needing, read.conversation_id}


async def test_identitys_tasks_make_conversations_need_somebody(office: Office) -> None:
    (first, sent), (second, _) = await office.sent(), await office.sent()
    await office.task(first, TaskKind.TASK_KIND_CANNOT_GET_IN)
    await office.task(second, TaskKind.TASK_KIND_NOT_FOR_ME, closed=True)
    assert await office.found(WorkFilter.NEEDS_SOMEBODY) == {sent.conversation_id}


async def test_lines_say_how_many_messages_are_unread_failed_and_due(office: Office) -> None:
    patient_id, first = await office.sent()
    second = await office.post.send(office.physician, patient_id)
    await office.failed(second.message_id)
    office.post.clock.ahead += WEEK
    await office.post.send(office.physician, patient_id)
    [line] = (await office.work(WorkFilter.OPEN)).conversations
    assert (line.unread_by_patient, line.failed, line.due) == (3, 1, 1)
    assert list((await office.post.conversations(office.physician)).conversations) == [line]
    await office.done(first.conversation_id)
    [line] = (await office.post.conversations(office.physician)).conversations
    assert (line.unread_by_patient, line.failed, line.due) == (3, 0, 0)


async def test_done_settles_what_is_there_and_not_what_comes_later(office: Office) -> None:
    patient_id, sent = await office.sent()
    await office.failed(sent.message_id)
    await office.done(sent.conversation_id)
    assert await office.counts() == {}
    await office.corrected(patient_id, contact=2)
    await office.failed(sent.message_id, contact=2)
    assert await office.counts() == {WorkKind.FAILED: 1}
    await office.corrected(patient_id, contact=3)
    assert await office.counts() == {}
    office.post.clock.ahead += WEEK
    assert await office.counts() == {WorkKind.DUE: 1}
    await office.done(sent.conversation_id)
    assert await office.counts() == {}
    assert not (await office.due()).messages
    await office.reopened(sent.conversation_id)
    assert await office.counts() == {WorkKind.DUE: 1}
    await office.post.open(office.patient(patient_id), sent.message_id)
    assert await office.counts() == {}


async def test_tasks_of_all_kinds_are_one_list_with_the_oldest_first(office: Office) -> None:
    (late, overdue), (failing, lost) = await office.sent(), await office.sent()
    office.post.clock.ahead += WEEK
    await office.failed(lost.message_id)
    waiting, sent = await office.sent()
    stuck = await office.task(uuid4(), TaskKind.TASK_KIND_CANNOT_GET_IN)
    answer = await office.post.reply(office.patient(waiting), sent.message_id)
    await office.task(uuid4(), TaskKind.TASK_KIND_WHO_READS, closed=True)
    listed, token = [], ""
    while True:
        page = await office.tasks(2, token)
        listed += list(page.tasks)
        token = page.next_page_token
        if not token:
            break
    assert [(each.id, each.kind) for each in listed] == [
        (overdue.message_id, work_pb2.WORK_KIND_DUE),
        (lost.message_id, work_pb2.WORK_KIND_FAILED),
        (str(stuck), work_pb2.WORK_KIND_CANNOT_GET_IN),
        (answer.message_id, work_pb2.WORK_KIND_UNREAD_ANSWER),
    ]
    assert [each.patient_id for each in listed[:2]] == [str(late), str(failing)]
    assert [bool(each.conversation_id) for each in listed] == [True, True, False, True]
    assert await office.counts() == dict.fromkeys((WorkKind(each.kind) for each in listed), 1)
    await office.post.open(office.physician, answer.message_id)
    assert WorkKind.UNREAD_ANSWER not in await office.counts()


async def test_what_is_held_is_a_task_and_nothing_that_the_patient_has_not_read(office: Office) -> None:
    sent = [await office.sent() for _ in range(10)]
    held_id = sent[-1][1].message_id
    held = [each for each in (await office.tasks()).tasks if each.kind == work_pb2.WORK_KIND_HELD]
    assert [each.id for each in held] == [held_id]
    assert await office.counts() == {WorkKind.HELD: 1}
    assert sent[-1][1].conversation_id in await office.found(WorkFilter.NEEDS_SOMEBODY)
    assert sent[-1][1].conversation_id not in await office.found(WorkFilter.UNREAD_BY_PATIENT)
    request = guard_pb2.ConfirmHeldRequest(request_id=str(uuid4()), message_id=held_id)
    stub = guard_pb2_grpc.GuardServiceStub(office.post.channel)
    await refusing(stub.ConfirmHeld(request, metadata=office.post.to(staff(office.practice_id))))
    assert await office.counts() == {}
    assert sent[-1][1].conversation_id in await office.found(WorkFilter.UNREAD_BY_PATIENT)


async def test_a_closed_task_goes_and_both_are_told(office: Office) -> None:
    patient_id = uuid4()
    task_id = await office.task(patient_id, TaskKind.TASK_KIND_ADDRESS_SUSPECT)
    assert [each.id for each in (await office.tasks()).tasks] == [str(task_id)]
    end = TaskClosed(patient_id=str(patient_id), kind=TaskKind.TASK_KIND_ADDRESS_SUSPECT)
    await office.post.hear(TaskEvents(office.post.clock).closed, office.practice_id, task_id, 2, end)
    assert not (await office.tasks()).tasks
    told = (await office.post.changes(office.physician)).changes
    assert [(each.kind, each.patient_id, each.conversation_id) for each in told] == [
        (wire.CHANGE_KIND_TASK, str(patient_id), "")
    ] * 2


async def test_what_is_due_is_listed_with_the_longest_overdue_first(office: Office) -> None:
    sent = [await office.sent() for _ in range(3)]
    office.post.clock.ahead += WEEK
    await office.sent()
    await office.failed(sent[1][1].message_id)
    first = await office.due(2)
    second = await office.due(2, first.next_page_token)
    listed = [*first.messages, *second.messages]
    assert [each.message.id for each in listed] == [each.message_id for _, each in sent]
    assert [each.message.subject for each in listed] == ["Ihr Befund"] * 3
    for each in listed:
        assert each.due_at.ToDatetime(UTC) - each.message.sent_at.ToDatetime(UTC) == timedelta(days=7)


async def test_filtered_lists_are_paged_with_the_newest_first(office: Office) -> None:
    sent = [(await office.sent())[1].conversation_id for _ in range(5)]
    for wanted in (WorkFilter.OPEN, WorkFilter.SENT_BY_ME, WorkFilter.UNREAD_BY_PATIENT):
        seen, token = [], ""
        while True:
            page = await office.work(wanted, size=2, token=token)
            seen += [each.id for each in page.conversations]
            token = page.next_page_token
            if not token:
                break
        assert seen == sent[::-1]


async def test_what_stands_as_unread_can_be_recomputed_from_the_messages(office: Office) -> None:
    async def exchange() -> None:
        patient_id, sent = await office.sent()
        patient = office.patient(patient_id)
        await asyncio.gather(
            office.failed(sent.message_id),
            office.done(sent.conversation_id),
            office.post.mailbox(patient),
            office.post.reply(patient, sent.message_id),
            office.corrected(patient_id, contact=2),
            return_exceptions=True,
        )
        again = await office.post.send(office.physician, patient_id)
        await asyncio.gather(
            office.failed(again.message_id, contact=2), office.post.open(patient, sent.message_id)
        )

    await asyncio.gather(*(exchange() for _ in range(6)))
    parameters = {"practice": office.practice_id}
    kept = await office.post.rows(
        "SELECT message_id, kind FROM unread_message WHERE practice_id = :practice", **parameters
    )
    expected = await office.post.rows(
        """SELECT id, CASE WHEN direction = 2 THEN 1 WHEN tick = 5 THEN 2 ELSE 3 END AS kind
        FROM message WHERE practice_id = :practice AND read_at IS NULL""",
        **parameters,
    )
    assert {(each.message_id, each.kind) for each in kept} == {(each.id, each.kind) for each in expected}
    assert {each.kind for each in expected} >= {1, 2}


@pytest.mark.parametrize("wanted", list(WorkFilter))
async def test_a_list_costs_as_many_statements_however_long_it_is(office: Office, wanted: WorkFilter) -> None:
    async def statements() -> int:
        with _counted() as seen:
            await office.work(wanted)
        return len(seen)

    async def line() -> None:
        patient_id, sent = await office.sent()
        await office.failed(sent.message_id)
        await office.post.reply(office.patient(patient_id), sent.message_id)
        await office.assigned(sent.conversation_id, office.physician)

    await line()
    few = await statements()
    for _ in range(4):
        await line()
    empty = wanted in (WorkFilter.DUE, WorkFilter.HELD, WorkFilter.DONE)
    assert len((await office.work(wanted)).conversations) == (0 if empty else 5)
    assert await statements() == few


async def test_lists_of_work_are_the_practices_own(office: Office) -> None:
    patient_id, sent = await office.sent()
    office.post.clock.ahead += WEEK
    await office.task(patient_id, TaskKind.TASK_KIND_WHO_READS)
    neighbour = Office(office.post)
    for wanted in WorkFilter:
        assert not await neighbour.found(wanted)
    assert not (await neighbour.tasks()).tasks
    assert not (await neighbour.due()).messages
    assert await neighbour.counts() == {}
    for outsider in (office.patient(patient_id), service("portal")):
        assert await reason(office.work(WorkFilter.OPEN, outsider)) == "METHOD_NOT_ALLOWED"
    assert sent.conversation_id in await office.found(WorkFilter.DUE)


async def test_a_list_of_work_names_its_filter_and_a_reasonable_size(office: Office) -> None:
    metadata = office.post.to(office.physician)
    unnamed = refusing(office.post.work.ListWork(work_pb2.ListWorkRequest(), metadata=metadata))
    assert await reason(unnamed) == "INVALID_FIELD"
    assert await reason(office.work(WorkFilter.OPEN, size=201)) == "INVALID_FIELD"
    assert await reason(office.tasks(token="x")) == "INVALID_FIELD"
    assert await reason(office.due(size=-1)) == "INVALID_FIELD"
