"""Messages that many open at the same moment share a transaction, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from chassis.caller import Caller
from chassis.refusal import Refusal
from praxispost.messaging.v1 import messaging_pb2 as wire
from tests.integration.chassis.waiting import eventually
from tests.integration.messaging.drafting import withdraw
from tests.integration.messaging.post import Post, account, staff

_PRACTICES = 4


class Ward:
    """A practice with a patient who has not opened anything."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.physician = staff()
        self.practice_id = self.physician.tenants[0]
        self.patient_id = post.patient(self.practice_id)
        self.patient = account((self.practice_id, self.patient_id))

    async def letter(self, body: str) -> str:
        return (await self.post.send(self.physician, self.patient_id, body=body)).message_id


@asynccontextmanager
async def held_up(post: Post, ward: Ward) -> AsyncIterator[None]:
    """Until the end of the block, openings of the patients' side wait for others' locks, and gather."""
    blocking = [await ward.letter(f"hält auf {number}") for number in range(2)]
    async with post.superuser.transaction() as tx:
        ids = [UUID(each) for each in blocking]
        await tx.execute(text("SELECT FROM message WHERE id = ANY (:ids) FOR UPDATE"), {"ids": ids})
        opening = [asyncio.create_task(post.open(ward.patient, each)) for each in blocking]
        await eventually(lambda: _waiting_for_locks(post, 2))
        yield
    await asyncio.gather(*opening)


async def _waiting_for_locks(post: Post, many: int) -> bool:
    query = "SELECT count(*) AS many FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    (found,) = await post.rows(query)
    return int(found.many) >= many


def _begun(post: Post) -> float:
    labels = {
        "grpc_type": "unary",
        "grpc_service": "praxispost.messaging.v1.MessagingService",
        "grpc_method": "OpenMessage",
    }
    return post.telemetry.registry.get_sample_value("grpc_server_started_total", labels) or 0.0


async def _together(
    post: Post, ward: Ward, openings: Sequence[tuple[Caller, str, UUID]]
) -> list[wire.Message | BaseException]:
    async with held_up(post, ward):
        before = _begun(post)
        tasks = [asyncio.create_task(post.open(*each)) for each in openings]

        async def all_are_here() -> bool:
            return _begun(post) - before == len(tasks)

        await eventually(all_are_here)
    return await asyncio.gather(*tasks, return_exceptions=True)


async def _opened_at(post: Post, message_ids: Sequence[str]) -> list[object]:
    query = "SELECT at FROM receipt_fact WHERE kind = 5 AND message_id = ANY (:ids)"
    return [row.at for row in await post.rows(query, ids=[UUID(each) for each in message_ids])]


async def test_each_gets_what_is_theirs_and_one_refusal_spoils_no_others(post: Post) -> None:
    wards = [Ward(post) for _ in range(_PRACTICES)]
    good = [await each.letter(f"für {number}") for number, each in enumerate(wards)]
    withdrawn = await wards[0].letter("zurück")
    await withdraw(post, wards[0].physician, withdrawn)
    openings = [
        *((ward.patient, message_id, ward.practice_id) for ward, message_id in zip(wards, good, strict=True)),
        (wards[0].patient, withdrawn, wards[0].practice_id),
        (wards[0].patient, good[1], wards[1].practice_id),  # the other practice is in the same transaction
        (wards[0].patient, good[1], wards[0].practice_id),
        (wards[1].patient, str(uuid4()), wards[1].practice_id),
    ]
    found = await _together(post, wards[0], openings)
    bodies = [each.body for each in found if isinstance(each, wire.Message)]
    reasons = [each.reason for each in found if isinstance(each, Refusal)]
    assert bodies == ["für 0", "für 1", "für 2", "für 3"]
    assert reasons == ["MESSAGE_WITHDRAWN", *["MESSAGE_NOT_FOUND"] * 3]
    times = await _opened_at(post, good)
    assert (len(times), len(set(times))) == (_PRACTICES, 1)
    for ward, message_id in zip(wards, good, strict=True):
        query = "SELECT actor_id, tenant_id FROM audit WHERE object_id = :id AND action = 'message.opened'"
        (audited,) = await post.rows(query, id=UUID(message_id))
        assert (audited.actor_id, audited.tenant_id) == (ward.patient.subject_id, ward.practice_id)
        assert len((await post.changes(ward.physician)).changes) >= 2
        known = await post.receipt(ward.physician, message_id)
        assert known.receipt.state == wire.RECEIPT_STATE_READ


async def test_content_that_cannot_be_opened_fails_alone(post: Post) -> None:
    wards = [Ward(post) for _ in range(_PRACTICES)]
    good = [await each.letter(f"für {number}") for number, each in enumerate(wards)]
    moved = await wards[0].letter("Geheim.")
    await post.rows(
        "UPDATE message SET body = other.body FROM message AS other"
        " WHERE other.id = :other AND message.id = :moved RETURNING 1",
        other=UUID(good[0]),
        moved=UUID(moved),
    )
    openings = [(wards[0].patient, moved, wards[0].practice_id)]
    openings += [(ward.patient, each, ward.practice_id) for ward, each in zip(wards, good, strict=True)]
    failed, *found = await _together(post, wards[0], openings)
    assert isinstance(failed, Exception)
    assert [each.body for each in found if isinstance(each, wire.Message)] == [
        "für 0",
        "für 1",
        "für 2",
        "für 3",
    ]
    assert len(await _opened_at(post, good)) == _PRACTICES
    assert await _opened_at(post, [moved]) == []


async def test_a_message_that_two_open_at_once_is_read_once_and_audited_twice(post: Post) -> None:
    ward = Ward(post)
    message_id = await ward.letter("für beide")
    mother = account((ward.practice_id, ward.patient_id), kind="representative")
    openings = [(ward.patient, message_id, ward.practice_id), (mother, message_id, ward.practice_id)]
    found = await _together(post, ward, openings)
    assert [each.body for each in found if isinstance(each, wire.Message)] == ["für beide"] * 2
    assert len(await _opened_at(post, [message_id])) == 1
    query = "SELECT actor_id FROM audit WHERE object_id = :id AND action = 'message.opened'"
    audited = await post.rows(query, id=UUID(message_id))
    assert {row.actor_id for row in audited} == {ward.patient.subject_id, mother.subject_id}
    told = await post.rows("SELECT envelope FROM outbox WHERE type = 'messaging.message_read'")
    assert len([row for row in told if message_id.encode() in row.envelope]) == 1


@pytest.mark.parametrize("answers", [1, 5])
async def test_a_practices_answers_opened_together_are_counted_off_one_by_one(
    post: Post, answers: int
) -> None:
    ward = Ward(post)
    message_id = await ward.letter("bitte antworten")
    sent = [
        (await post.reply(ward.patient, message_id, body=f"{number}")).message_id for number in range(answers)
    ]
    found = await asyncio.gather(*(post.open(ward.physician, each) for each in sent))
    assert [each.body for each in found] == [str(number) for number in range(answers)]
    (line,) = (await post.conversations(ward.physician)).conversations
    assert line.unread_answers == 0
