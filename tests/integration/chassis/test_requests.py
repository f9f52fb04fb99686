"""That a request is carried out once, and audit rows stay as they are."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.wrappers_pb2 import StringValue
from sqlalchemy import Delete, Update, delete, func, insert, select, text, update
from sqlalchemy.exc import ProgrammingError

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from chassis.idempotency import Requests
from chassis.refusal import Refusal, Status
from chassis.request_pruning import KEPT, RequestPruning
from tests.integration.chassis.sample import TABLES, THING

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TENANT = uuid4()
REQUESTS = Requests(b"k" * 32)


def caller(subject_id: UUID, role: str = "sender") -> Caller:
    return Caller(subject_id, role, TENANT, (), None, NOW)


async def send(
    database: Database, actor: Caller, request_id: UUID, content: str, *, fail: bool = False
) -> StringValue:
    """Carry out a request whose effect is one more row, and whose answer is that row's id."""
    row_id = uuid4()
    async with database.transaction([TENANT]) as tx:

        async def effect() -> StringValue:
            await tx.execute(insert(THING).values(tenant_id=TENANT, id=row_id, value=content))
            if fail:
                raise LookupError
            return StringValue(value=str(row_id))

        return await REQUESTS.once(
            tx,
            caller=actor,
            tenant_id=TENANT,
            rpc="/sample.Service/Send",
            request_id=request_id,
            request=StringValue(value=content),
            response_type=StringValue,
            effect=effect,
        )


async def effects(database: Database) -> int:
    async with database.transaction([TENANT]) as tx:
        return (await tx.execute(select(func.count()).select_from(THING))).scalar_one()


async def test_the_same_request_twice_has_one_effect_and_one_answer(database: Database) -> None:
    actor, request_id = caller(uuid4()), uuid4()
    first = await send(database, actor, request_id, "hello")
    assert await send(database, actor, request_id, "hello") == first
    assert await effects(database) == 1


async def test_twins_at_the_same_moment_have_one_effect_and_one_answer(database: Database) -> None:
    actor, request_id = caller(uuid4()), uuid4()
    answers = await asyncio.gather(*(send(database, actor, request_id, "hello") for _ in range(8)))
    assert len({answer.value for answer in answers}) == 1
    assert await effects(database) == 1


async def test_a_changed_role_does_not_make_it_another_request(database: Database) -> None:
    subject, request_id = uuid4(), uuid4()
    first = await send(database, caller(subject, "sender"), request_id, "hello")
    assert await send(database, caller(subject, "chief"), request_id, "hello") == first


async def test_another_request_under_the_same_id_is_refused(database: Database) -> None:
    actor, request_id = caller(uuid4()), uuid4()
    await send(database, actor, request_id, "hello")
    with pytest.raises(Refusal) as caught:
        await send(database, actor, request_id, "good bye")
    assert (caught.value.status, caught.value.reason) == (Status.FAILED_PRECONDITION, "REQUEST_ID_REUSED")
    assert await effects(database) == 1


async def test_the_same_id_of_somebody_else_is_another_request(database: Database) -> None:
    request_id = uuid4()
    await send(database, caller(uuid4()), request_id, "hello")
    await send(database, caller(uuid4()), request_id, "hello")
    assert await effects(database) == 2


async def test_a_request_that_failed_can_be_tried_again(database: Database) -> None:
    actor, request_id = caller(uuid4()), uuid4()
    with pytest.raises(LookupError):
        await send(database, actor, request_id, "hello", fail=True)
    await send(database, actor, request_id, "hello")
    assert await effects(database) == 1


async def test_a_twin_of_a_request_that_fails_is_carried_out(database: Database) -> None:
    actor, request_id = caller(uuid4()), uuid4()
    failed, answered = await asyncio.gather(
        send(database, actor, request_id, "hello", fail=True),
        send(database, actor, request_id, "hello"),
        return_exceptions=True,
    )
    assert isinstance(failed, LookupError) != isinstance(failed, StringValue)
    assert isinstance(answered, StringValue)
    assert await effects(database) == 1


async def test_the_content_of_a_request_is_not_stored(database: Database) -> None:
    await send(database, caller(uuid4()), uuid4(), "Frau Canary")
    async with database.transaction([TENANT]) as tx:
        stored = (await tx.execute(text("SELECT request::text FROM request"))).scalar_one()
    assert b"Frau Canary".hex() not in stored


async def test_an_answer_of_another_kind_round_trips(database: Database) -> None:
    async def effect() -> Timestamp:
        return Timestamp(seconds=5)

    for _ in range(2):
        async with database.transaction([TENANT]) as tx:
            answer = await REQUESTS.once(
                tx,
                caller=caller(UUID(int=1)),
                tenant_id=TENANT,
                rpc="/sample.Service/Clock",
                request_id=UUID(int=2),
                request=StringValue(),
                response_type=Timestamp,
                effect=effect,
            )
        assert answer == Timestamp(seconds=5)


async def _aged(database: Database, by: timedelta) -> None:
    """All requests so far lie that far back."""
    async with database.transaction([TENANT]) as tx:
        await tx.execute(update(TABLES.request).values(recorded_at=func.now() - by))


async def _known_requests(database: Database) -> int:
    async with database.transaction([TENANT]) as tx:
        return (await tx.execute(select(func.count()).select_from(TABLES.request))).scalar_one()


async def test_requests_are_forgotten_after_a_month(database: Database) -> None:
    await send(database, caller(uuid4()), uuid4(), "old")
    await send(database, caller(uuid4()), uuid4(), "older")
    await _aged(database, KEPT + timedelta(minutes=1))
    await send(database, caller(uuid4()), uuid4(), "new")
    assert not await RequestPruning(database).forget_some()
    assert await _known_requests(database) == 1


async def test_requests_of_less_than_a_month_stay(database: Database) -> None:
    actor, request_id = caller(uuid4()), uuid4()
    answer = await send(database, actor, request_id, "once")
    await _aged(database, KEPT - timedelta(minutes=1))
    await RequestPruning(database).forget_some()
    assert await send(database, actor, request_id, "once") == answer


async def test_many_old_requests_are_forgotten_in_parts(database: Database) -> None:
    key = {"tenant_id": TENANT, "actor_id": uuid4(), "rpc": "Send", "request_hash": b"", "response": b""}
    async with database.transaction([TENANT]) as tx:
        rows = [{**key, "request_id": uuid4()} for _ in range(1_001)]
        await tx.execute(insert(TABLES.request).values(rows))
    await _aged(database, KEPT * 2)
    pruning = RequestPruning(database)
    assert [await pruning.forget_some(), await pruning.forget_some()] == [True, False]
    assert await _known_requests(database) == 0


async def test_a_service_cannot_delete_requests_itself(database: Database) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with database.transaction([TENANT]) as tx:
            await tx.execute(delete(TABLES.request))


async def _audited(database: Database) -> None:
    async with database.transaction([TENANT]) as tx:
        await record_audit(
            tx,
            caller=caller(uuid4()),
            tenant_id=TENANT,
            action="read",
            object_kind="thing",
            object_id=uuid4(),
            now=NOW,
            why="treatment",
        )


async def test_an_audit_row_says_who_did_what_when_and_why(database: Database) -> None:
    await _audited(database)
    async with database.transaction([TENANT]) as tx:
        row = (await tx.execute(select(TABLES.audit))).one()
    assert (row.actor_role, row.action, row.object_kind, row.occurred_at, row.why) == (
        "sender",
        "read",
        "thing",
        NOW,
        "treatment",
    )


@pytest.mark.parametrize("change", [update(TABLES.audit).values(why="other"), delete(TABLES.audit)])
async def test_a_service_cannot_change_audit_rows(database: Database, change: Delete | Update) -> None:
    await _audited(database)
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with database.transaction([TENANT]) as tx:
            await tx.execute(change)


async def test_a_foreign_tenant_sees_no_audit_row(database: Database) -> None:
    await _audited(database)
    async with database.transaction([uuid4()]) as tx:
        assert (await tx.execute(select(TABLES.audit))).all() == []
