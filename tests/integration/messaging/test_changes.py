"""Following a practice: the durable list skips nothing, and a stream hints at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from grpc import aio

from chassis.caller import Caller
from praxispost.messaging.v1 import drafts_pb2
from praxispost.messaging.v1 import messaging_pb2 as wire
from services.messaging.changes import storage
from services.messaging.changes.domain import Change, ChangeKind
from services.messaging.changes.watching import Subscription
from tests.integration.messaging.drafting import create_draft, draft_content, drafts_of
from tests.integration.messaging.post import Post, account, reason, refusing, staff


@asynccontextmanager
async def _watching(post: Post, caller: Caller) -> AsyncIterator["Stream"]:
    call = post.stub.Watch(wire.WatchRequest(), metadata=post.to(caller))
    stream = Stream(call)
    assert not (await stream.next()).HasField("change")
    yield stream
    call.cancel()


class Stream:
    """An open Watch."""

    def __init__(self, call: aio.UnaryStreamCall[wire.WatchRequest, wire.WatchResponse]) -> None:
        self._call = call

    async def next(self) -> wire.WatchResponse:
        async with asyncio.timeout(5):
            response = await self._call.read()
        assert isinstance(response, wire.WatchResponse)
        return response

    async def hint(self) -> tuple[wire.ChangeKind.ValueType, str]:
        change = (await self.next()).change
        return change.kind, change.message_id


async def test_every_change_comes_once_and_the_token_goes_on(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    patient_id = post.patient(practice_id)
    nothing = await post.changes(physician)
    assert not nothing.changes
    assert nothing.next_page_token
    sent = await post.send(physician, patient_id)
    first = await post.changes(physician, token=nothing.next_page_token)
    (change,) = first.changes
    assert (change.kind, change.message_id) == (wire.CHANGE_KIND_MESSAGE, sent.message_id)
    assert (change.practice_id, change.patient_id) == (str(practice_id), str(patient_id))
    assert change.conversation_id == sent.conversation_id
    await post.open(account((practice_id, patient_id)), sent.message_id)
    second = await post.changes(physician, token=first.next_page_token)
    assert [each.kind for each in second.changes] == [wire.CHANGE_KIND_RECEIPT]
    third = await post.changes(physician, token=second.next_page_token)
    assert not third.changes
    assert third.next_page_token == second.next_page_token


async def test_a_practice_follows_only_itself(post: Post) -> None:
    physician, neighbour = staff(), staff()
    await post.send(neighbour, post.patient(neighbour.tenants[0]))
    assert not (await post.changes(physician)).changes


async def test_nothing_is_skipped_while_many_write(post: Post) -> None:
    physician = staff()
    patients = [post.patient(physician.tenants[0]) for _ in range(4)]
    sending = asyncio.gather(*(post.send(physician, patients[place % 4]) for place in range(48)))
    seen: list[str] = []
    token = ""
    while len(seen) < 48:
        page = await post.changes(physician, 5, token)
        seen += [each.message_id for each in page.changes]
        token = page.next_page_token
    sent = {each.message_id for each in await sending}
    assert len(seen) == 48
    assert set(seen) == sent
    query = "SELECT sequence FROM change WHERE practice_id = :practice ORDER BY sequence"
    rows = await post.rows(query, practice=physician.tenants[0])
    assert [row.sequence for row in rows] == list(range(1, 49))


async def test_a_number_that_is_taken_but_not_committed_holds_back_the_next(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    patient_id = post.patient(practice_id)
    sent = await post.send(physician, patient_id)
    (known,) = await post.rows("SELECT * FROM change WHERE practice_id = :practice", practice=practice_id)
    change = Change(
        ChangeKind.RECEIPT, practice_id, patient_id, known.conversation_id, UUID(sent.message_id), known.at
    )
    async with post.database.transaction([practice_id]) as tx:
        await storage.record(tx, [change])
        later = asyncio.create_task(post.send(physician, patient_id))
        seen = await post.changes(physician)
        assert len(seen.changes) == 1
        assert not later.done()
    await later
    rest = await post.changes(physician, token=seen.next_page_token)
    assert [each.kind for each in rest.changes] == [wire.CHANGE_KIND_RECEIPT, wire.CHANGE_KIND_MESSAGE]


async def test_a_page_of_changes_has_a_reasonable_size(post: Post) -> None:
    assert await reason(post.changes(staff(), 1001)) == "INVALID_FIELD"


async def test_the_practice_is_told_at_once_that_its_message_was_read(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    patient_id = post.patient(practice_id)
    sent = await post.send(physician, patient_id)
    async with _watching(post, physician) as stream:
        await post.open(account((practice_id, patient_id)), sent.message_id)
        assert await stream.hint() == (wire.CHANGE_KIND_RECEIPT, sent.message_id)


async def test_an_account_is_told_of_its_own_conversations_only(post: Post) -> None:
    practices = [staff(), staff()]
    bound = [(each.tenants[0], post.patient(each.tenants[0])) for each in practices]
    async with _watching(post, account(*bound)) as stream:
        await post.send(practices[0], post.patient(practices[0].tenants[0]))
        for physician, (_, patient_id) in zip(practices, bound, strict=True):
            sent = await post.send(physician, patient_id)
            assert await stream.hint() == (wire.CHANGE_KIND_MESSAGE, sent.message_id)


async def test_colleagues_are_told_of_drafts_and_the_patient_is_not(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    patient_id = post.patient(practice_id)
    patient = account((practice_id, patient_id))
    stub, metadata = drafts_of(post), post.to(physician)
    async with _watching(post, staff(practice_id)) as colleague, _watching(post, patient) as own:
        made = await create_draft(post, physician, patient_id)
        save = drafts_pb2.SaveDraftRequest(
            request_id=str(uuid4()), draft_id=made.draft_id, version=1, content=draft_content()
        )
        for _ in range(2):
            await refusing(stub.SaveDraft(save, metadata=metadata))
        send = drafts_pb2.SendDraftRequest(request_id=str(uuid4()), draft_id=made.draft_id, version=2)
        sent = await refusing(stub.SendDraft(send, metadata=metadata))
        gone = await create_draft(post, physician, patient_id)
        delete = drafts_pb2.DeleteDraftRequest(draft_id=gone.draft_id, version=1)
        await refusing(stub.DeleteDraft(delete, metadata=metadata))
        last = await post.send(physician, patient_id)
        draft = (wire.CHANGE_KIND_DRAFT, "")
        message = (wire.CHANGE_KIND_MESSAGE, sent.message_id)
        final = (wire.CHANGE_KIND_MESSAGE, last.message_id)
        expected = [draft, draft, draft, message, draft, draft, final]
        assert [await colleague.hint() for _ in expected] == expected
        assert [await own.hint() for _ in range(2)] == [message, final]


async def test_many_streams_of_one_practice_get_the_same(post: Post) -> None:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    async with _watching(post, physician) as first, _watching(post, staff(physician.tenants[0])) as second:
        sent = await post.send(physician, patient_id)
        assert await first.hint() == await second.hint() == (wire.CHANGE_KIND_MESSAGE, sent.message_id)
    async with _watching(post, physician) as third:
        again = await post.send(physician, patient_id)
        assert await third.hint() == (wire.CHANGE_KIND_MESSAGE, again.message_id)


async def test_a_stream_that_is_read_too_slowly_is_ended_and_its_memory_bounded() -> None:
    physician = staff()
    subscription = Subscription(physician)
    change = Change(ChangeKind.MESSAGE, physician.tenants[0], uuid4(), uuid4(), uuid4(), physician.expires_at)
    for _ in range(5000):
        subscription.offer(change)
    assert await reason(anext(subscription)) == "OVERLOADED"
