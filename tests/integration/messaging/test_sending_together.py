"""Messages that come at the same moment share a transaction; each keeps its own outcome."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from grpc import StatusCode
from sqlalchemy import text

from chassis.caller import Caller
from chassis.grpc_client import AioRpcError
from chassis.refusal import Refusal
from praxispost.messaging.v1 import messaging_pb2 as wire
from tests.integration.messaging.post import Post, Stores, letter, open_post, refusing, staff

Answer = wire.SendMessageResponse
_FAILED = "batch failed"
_DEADLOCK = "40P01"


def sending(post: Post, caller: Caller, request: wire.SendMessageRequest) -> Awaitable[Answer]:
    return refusing(post.stub.SendMessage(request, metadata=post.to(caller)))


async def outcomes(calls: Iterable[Awaitable[Answer]]) -> Sequence[str]:
    """All at once: the messages' ids, or the reasons of the refusals."""

    async def outcome(call: Awaitable[Answer]) -> str:
        try:
            return (await call).message_id
        except Refusal as refusal:
            return refusal.reason
        except AioRpcError as error:
            return error.code().name

    return await asyncio.gather(*(outcome(each) for each in calls))


async def stored(post: Post, practice_id: UUID) -> tuple[set[str], int]:
    """The ids of the practice's messages, and in how many transactions they were stored."""
    query = "SELECT id, CAST(xmin AS text) AS tx FROM message WHERE practice_id = :practice"
    rows = await post.rows(query, practice=practice_id)
    return {str(row.id) for row in rows}, len({row.tx for row in rows})


async def is_whole(post: Post, message_ids: set[str]) -> bool:
    """Whether each has one fact, one row of work, one audit row, one change and one event to publish."""
    ids = {"ids": [UUID(each) for each in message_ids]}
    counts = [
        (await post.rows(f"SELECT count(*) AS n FROM {table} WHERE {column} = ANY (:ids)", **ids))[0].n
        for table, column in (
            ("receipt_fact", "message_id"),
            ("unread_message", "message_id"),
            ("change", "message_id"),
            ("audit", "object_id"),
        )
    ]
    return counts == [len(message_ids)] * len(counts)


async def test_a_mixed_crowd_gets_each_its_own_outcome(post: Post) -> None:
    here, there = staff(), staff()
    practice_id = here.tenants[0]
    objecting, without_mobile = uuid4(), uuid4()
    post.knows(practice_id, objecting, objected=True)
    post.knows(practice_id, without_mobile, has_mobile=False)
    patients = [post.patient(practice_id) for _ in range(6)]
    for patient_id in patients:
        await post.send(here, patient_id)
    twin, reused = letter(patients[0]), str(uuid4())
    before = await sending(post, here, earlier := letter(patients[1]))
    mixed = [
        *(sending(post, here, letter(each, body=f"Gut {uuid4()}")) for each in patients),
        *(sending(post, there, letter(post.patient(there.tenants[0]), body=f"{uuid4()}")) for _ in range(6)),
        sending(post, here, letter(objecting)),
        sending(post, here, letter(without_mobile)),
        sending(post, here, letter(uuid4())),
        sending(post, here, earlier),
        *(sending(post, here, twin) for _ in range(3)),
        *(sending(post, here, letter(patients[2], request_id=reused, body=each)) for each in ("a", "b")),
    ]
    found = await outcomes(mixed)
    assert found[12:15] == ["PATIENT_OBJECTED", "CONTACT_MISSING", "PATIENT_NOT_FOUND"]
    assert found[15] == before.message_id
    assert len({found[16], found[17], found[18]}) == 1
    assert sorted([found[19] == "REQUEST_ID_REUSED", found[20] == "REQUEST_ID_REUSED"]) == [False, True]
    good = {each for each in found if len(each) == 36}
    assert len(good) == 12 + 1 + 1 + 1
    kept, transactions = await stored(post, practice_id)
    kept_there, _ = await stored(post, there.tenants[0])
    assert good <= kept | kept_there
    assert len(kept) == 6 + 6 + 1 + 1 + 1
    assert transactions < len(kept)
    assert await is_whole(post, kept | kept_there)


async def test_messages_of_one_conversation_keep_apart_in_time_and_its_newest_is_the_last(post: Post) -> None:
    physician = staff()
    practice_id, patient_id = physician.tenants[0], post.patient(physician.tenants[0])
    await post.send(physician, patient_id)
    post.clock.ahead = timedelta(minutes=5)
    await post.send(physician, patient_id)
    post.clock.ahead = timedelta()  # the next ones' clock is behind the newest message
    answers = await asyncio.gather(
        *(sending(post, physician, letter(patient_id, body=f"{number}")) for number in range(20))
    )
    assert len({each.conversation_id for each in answers}) == 1
    rows = await post.rows(
        "SELECT id, sent_at FROM message WHERE practice_id = :practice ORDER BY sent_at", practice=practice_id
    )
    assert len({row.sent_at for row in rows}) == 22
    assert {str(row.id) for row in rows[2:]} == {each.message_id for each in answers}
    (conversation,) = await post.rows(
        "SELECT newest_message_id, newest_at FROM conversation WHERE practice_id = :practice",
        practice=practice_id,
    )
    assert (conversation.newest_message_id, conversation.newest_at) == (rows[-1].id, rows[-1].sent_at)
    told = {each.message_id: each.sent_at.ToDatetime() for each in answers}
    assert all(told[str(row.id)] == row.sent_at.replace(tzinfo=None) for row in rows[2:])


async def test_one_text_to_many_at_once_is_held_from_the_same_patient_on_as_one_by_one(post: Post) -> None:
    physician = staff()
    patients = [post.patient(physician.tenants[0]) for _ in range(30)]
    answers = await asyncio.gather(
        *(sending(post, physician, letter(each, body="An alle.")) for each in patients)
    )
    assert sum(not each.held for each in answers) == 9
    again = await asyncio.gather(
        *(sending(post, physician, letter(patients[0], body=" an ALLE!")) for _ in range(3))
    )
    assert all(each.held for each in again)


async def test_who_spoils_a_batch_spoils_nothing_for_others(
    post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    """The message is there, its request is forgotten: that shows only once the others are half stored."""
    physician = staff()
    practice_id = physician.tenants[0]
    patients = [post.patient(practice_id) for _ in range(12)]
    await asyncio.gather(*(sending(post, physician, letter(each, body=f"{each}")) for each in patients))
    first = await sending(post, physician, forgotten := letter(patients[0]))
    async with post.superuser.transaction() as tx:
        await tx.execute(text("DELETE FROM request WHERE request_id = :id"), {"id": forgotten.request_id})
    with caplog.at_level(logging.WARNING, "chassis.gathering"):
        found = await outcomes(
            [
                *(sending(post, physician, letter(each, body=f"Neu {each}")) for each in patients),
                sending(post, physician, forgotten),
            ]
        )
    assert found[-1] == "REQUEST_ID_REUSED"
    assert len(set(found[:-1])) == 12
    kept, _ = await stored(post, practice_id)
    assert kept >= {*found[:-1], first.message_id}
    assert len(kept) == 12 + 1 + 12
    assert await is_whole(post, kept)
    assert any(each.message.startswith(_FAILED) for each in caplog.records)


async def test_a_fault_of_the_database_in_one_reaches_no_other(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    patients = [post.patient(practice_id) for _ in range(10)]
    async with faulty(post, patients[3]):
        found = await outcomes(sending(post, physician, letter(each, body=f"{each}")) for each in patients)
    assert found[3] == StatusCode.INTERNAL.name
    kept, _ = await stored(post, practice_id)
    assert kept == {*found[:3], *found[4:]}
    assert await is_whole(post, kept)


async def test_a_caller_who_gave_up_gets_the_same_message_on_the_next_try(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    patients = [post.patient(practice_id) for _ in range(16)]
    requests = [letter(each, body=f"{each}") for each in patients]
    calls = [post.stub.SendMessage(each, metadata=post.to(physician)) for each in requests]
    for number, call in enumerate(calls):
        if number % 2:
            call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    again = await outcomes(sending(post, physician, each) for each in requests)
    assert len(set(again)) == 16
    kept, _ = await stored(post, practice_id)
    assert kept == set(again)
    assert await is_whole(post, kept)


async def test_two_instances_that_send_to_the_same_conversations_never_wait_in_a_circle(
    messaging_stores: Stores, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    here, there = staff(), staff()
    patients = [(each, post.patient(each.tenants[0])) for each in (here, there) for _ in range(5)]
    async with open_post(messaging_stores) as other:
        other.neighbours.states.update(post.neighbours.states)
        with caplog.at_level(logging.WARNING, "chassis.gathering"):
            for number in range(8):
                requests = [
                    (caller, letter(patient_id, body=f"{number} {copy}"))
                    for caller, patient_id in patients
                    for copy in range(3)
                ]
                to_one = outcomes(sending(post, each, request) for each, request in requests)
                to_other = outcomes(sending(other, each, request) for each, request in reversed(requests))
                found, found_reversed = await asyncio.gather(to_one, to_other)
                assert found == list(reversed(found_reversed))
                assert len(set(found)) == len(requests)
    assert _DEADLOCK not in [_state(each) for each in caplog.records]
    for caller in (here, there):
        kept, transactions = await stored(post, caller.tenants[0])
        assert len(kept) == 8 * 15
        assert transactions < len(kept)
        sequence = await post.rows(
            "SELECT sequence FROM change WHERE practice_id = :practice ORDER BY sequence",
            practice=caller.tenants[0],
        )
        assert [row.sequence for row in sequence] == list(range(1, 8 * 15 + 1))


async def test_who_waits_for_a_locked_conversation_waits_alone(post: Post) -> None:
    physician = staff()
    patients = [post.patient(physician.tenants[0]) for _ in range(6)]
    for patient_id in patients:
        await post.send(physician, patient_id)
    async with post.superuser.transaction() as tx:
        await tx.execute(
            text("SELECT 1 FROM conversation WHERE patient_id = :patient FOR UPDATE"),
            {"patient": patients[0]},
        )
        calls = [
            asyncio.ensure_future(sending(post, physician, letter(each, body=f"{each}"))) for each in patients
        ]
        await asyncio.gather(*calls[1:])
        assert not calls[0].done()
    await calls[0]


def _state(record: logging.LogRecord) -> str:
    """PostgreSQL's code of the error that a line of the log tells of."""
    error = record.exc_info[1] if record.exc_info else None
    return str(getattr(error and error.__cause__, "sqlstate", ""))


@asynccontextmanager
async def faulty(post: Post, patient_id: UUID) -> AsyncIterator[None]:
    """Inside the block the database fails at each message for this patient."""
    name = f"fault_{patient_id.hex}"
    async with post.superuser.transaction() as tx:
        await tx.execute(
            text(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE EXCEPTION 'fault'; END $$"
            )
        )
        await tx.execute(
            text(
                f"CREATE TRIGGER {name} BEFORE INSERT ON message FOR EACH ROW"
                f" WHEN (new.patient_id = '{patient_id}') EXECUTE FUNCTION {name}()"
            )
        )
    yield
    async with post.superuser.transaction() as tx:
        await tx.execute(text(f"DROP FUNCTION {name}() CASCADE"))
