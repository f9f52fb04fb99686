"""What no message will ever have is collected, and nothing else."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import grpc
import pytest
from grpc import aio

from chassis.caller import Caller
from chassis.refusal import Refusal, dependency_unavailable
from praxispost.messaging.v1 import messaging_pb2
from services.attachments.collection import Collector
from services.attachments.lookups import HolderLookup, Holders
from services.attachments.objects import ObjectStore
from services.attachments.orphans import OrphanSweep
from tests.integration.attachments.house import House, Stores, header, staff
from tests.integration.attachments.outage import outage_before
from tests.integration.attachments.traces import Traces

_DAY = timedelta(hours=24)


class Messages:
    """The documents that messaging says its messages and drafts have, and how often it was asked."""

    def __init__(self, *sent: str, drafted: Collection[str] = (), reachable: bool = True) -> None:
        self.sent = frozenset(map(UUID, sent))
        self.drafted = frozenset(map(UUID, drafted))
        self.asked: list[frozenset[UUID]] = []
        self.reachable = reachable

    async def lookup(self, practice_id: UUID, attachment_ids: Collection[UUID]) -> Holders:
        asked = frozenset(attachment_ids)
        self.asked.append(asked)
        if not self.reachable:
            raise dependency_unavailable("messaging")
        return Holders(self.sent & asked, self.drafted & asked)


def _collector(house: House, messages: Messages, *, after: timedelta) -> Collector:
    return Collector(
        database=house.database,
        store=house.store,
        holders=messages.lookup,
        clock=lambda: datetime.now(UTC) + after,
    )


async def _claimed(house: House, caller: Caller, message_id: UUID) -> str:
    patient_id = uuid4()
    attachment_id = (await house.upload(caller, b"text", header(patient_id))).attachment_id
    await house.claim(caller, patient_id, attachment_id, message_id=message_id)
    return attachment_id


def _states(traces: Traces, caller: Caller) -> list[str]:
    return [row["state"] for row in traces.rows(practice_id=caller.tenant_id)]


async def test_a_document_that_nobody_claims_goes_after_a_day_and_not_before(
    house: House, traces: Traces
) -> None:
    physician = staff()
    await house.upload(physician, b"text", header(uuid4()))
    await _collector(house, Messages(), after=_DAY - timedelta(minutes=5)).collect()
    assert _states(traces, physician) == ["ready"]
    collected = await _collector(house, Messages(), after=_DAY).collect()
    assert collected.deleted >= 1
    assert (_states(traces, physician), traces.objects(physician.tenant_id)) == ([], [])


async def test_a_claim_whose_send_died_is_collected_once_messaging_says_so(
    house: House, traces: Traces
) -> None:
    physician = staff()
    attachment_id = await _claimed(house, physician, uuid4())
    early = Messages()
    await _collector(house, early, after=_DAY - timedelta(minutes=5)).collect()
    assert not any(UUID(attachment_id) in asked for asked in early.asked)
    messages = Messages()
    await _collector(house, messages, after=_DAY).collect()
    assert any(UUID(attachment_id) in asked for asked in messages.asked)
    assert (_states(traces, physician), traces.objects(physician.tenant_id)) == ([], [])


async def test_a_claim_of_a_message_that_exists_is_kept_and_not_asked_for_again(
    house: House, traces: Traces
) -> None:
    physician = staff()
    attachment_id = await _claimed(house, physician, uuid4())
    await _collector(house, Messages(attachment_id), after=_DAY).collect()
    assert _states(traces, physician) == ["attached"]
    later = Messages()
    await _collector(house, later, after=1000 * _DAY).collect()
    assert not any(UUID(attachment_id) in asked for asked in later.asked)
    assert (await house.download(physician, attachment_id)).content == b"text"


async def test_what_the_loser_of_two_requests_claimed_goes_though_its_message_exists(
    house: House, traces: Traces
) -> None:
    """Two sends under one request id are of one message; only one has its documents in it."""
    physician, patient_id, message_id = staff(), uuid4(), uuid4()
    won, lost = [
        (await house.upload(physician, content, header(patient_id))).attachment_id
        for content in (b"won", b"lost")
    ]
    for each in (won, lost):
        await house.claim(physician, patient_id, each, message_id=message_id)
    await _collector(house, Messages(won), after=_DAY).collect()
    assert [(str(row["id"]), row["state"]) for row in traces.rows(practice_id=physician.tenant_id)] == [
        (won, "attached")
    ]
    assert len(traces.objects(physician.tenant_id)) == 1


async def test_what_a_draft_has_is_kept_for_a_day_and_asked_for_again(house: House, traces: Traces) -> None:
    physician = staff()
    attachment_id = await _claimed(house, physician, uuid4())
    await _collector(house, Messages(drafted=[attachment_id]), after=_DAY).collect()
    assert _states(traces, physician) == ["claimed"]
    early = Messages()
    await _collector(house, early, after=2 * _DAY - timedelta(minutes=5)).collect()
    assert not any(UUID(attachment_id) in asked for asked in early.asked)
    await _collector(house, Messages(), after=2 * _DAY + timedelta(minutes=5)).collect()
    assert (_states(traces, physician), traces.objects(physician.tenant_id)) == ([], [])


async def test_without_messagings_word_no_claimed_document_goes(house: House, traces: Traces) -> None:
    physician = staff()
    await house.upload(physician, b"unclaimed", header(uuid4()))
    await _claimed(house, physician, uuid4())
    await _collector(house, Messages(reachable=False), after=1000 * _DAY).collect()
    assert _states(traces, physician) == ["claimed"]


async def test_a_claim_that_is_renewed_while_messaging_is_asked_keeps_its_document(
    house: House, traces: Traces
) -> None:
    physician, patient_id, message_id = staff(), uuid4(), uuid4()
    attachment_id = (await house.upload(physician, b"text", header(patient_id))).attachment_id
    await house.claim(physician, patient_id, attachment_id, message_id=message_id)

    class Renewed(Messages):
        async def lookup(self, practice_id: UUID, attachment_ids: Collection[UUID]) -> Holders:
            if UUID(attachment_id) in attachment_ids:
                await house.claim(physician, patient_id, attachment_id, message_id=message_id)
            return Holders()

    later = datetime.now(UTC) + _DAY
    collector = Collector(
        database=house.database,
        store=house.store,
        holders=Renewed().lookup,
        clock=lambda: later,
    )
    traces.set_age(attachment_id, hours=1)
    await collector.collect()
    assert _states(traces, physician) == ["claimed"]
    assert (await house.download(physician, attachment_id)).content == b"text"


async def test_a_confirmed_claim_can_be_repeated(house: House, traces: Traces) -> None:
    physician, patient_id, message_id = staff(), uuid4(), uuid4()
    attachment_id = (await house.upload(physician, b"text", header(patient_id))).attachment_id
    first = await house.claim(physician, patient_id, attachment_id, message_id=message_id)
    await _collector(house, Messages(attachment_id), after=_DAY).collect()
    assert await house.claim(physician, patient_id, attachment_id, message_id=message_id) == first
    assert _states(traces, physician) == ["attached"]


async def test_what_an_upload_left_that_died_with_its_process_is_collected(
    house: House, traces: Traces
) -> None:
    physician = staff()
    uploaded = await house.upload(physician, b"text", header(uuid4()))
    traces.set_state(uploaded.attachment_id, "uploading")
    await _collector(house, Messages(), after=timedelta(minutes=1)).collect()
    assert _states(traces, physician) == ["uploading"]
    await _collector(house, Messages(), after=timedelta(minutes=5)).collect()
    assert (_states(traces, physician), traces.objects(physician.tenant_id)) == ([], [])


async def test_a_deletion_that_was_broken_off_is_taken_up_again(
    house: House, stores: Stores, traces: Traces
) -> None:
    physician = staff()
    await house.upload(physician, b"text", header(uuid4()))
    async with outage_before(stores.s3) as outage:
        away = ObjectStore(outage.settings)
        await outage.begin()
        collector = Collector(
            database=house.database,
            store=away,
            holders=Messages().lookup,
            clock=lambda: datetime.now(UTC) + _DAY,
        )
        await collector.collect()
        away.close()
    assert (_states(traces, physician), len(traces.objects(physician.tenant_id))) == (["deleting"], 1)
    await _collector(house, Messages(), after=_DAY).collect()
    assert (_states(traces, physician), traces.objects(physician.tenant_id)) == ([], [])


async def test_objects_that_belong_to_no_document_are_swept_once_they_are_old(
    house: House, traces: Traces
) -> None:
    physician = staff()
    await house.upload(physician, b"text", header(uuid4()))
    known = traces.objects(physician.tenant_id)
    orphan = f"{physician.tenant_id}/{uuid4()}"
    traces.replace(orphan, b"left behind")
    traces.begin_upload(f"{physician.tenant_id}/{uuid4()}")

    def sweep(after: timedelta) -> OrphanSweep:
        return OrphanSweep(
            database=house.database, store=house.store, clock=lambda: datetime.now(UTC) + after
        )

    await sweep(timedelta(hours=23)).sweep()
    assert set(traces.objects(physician.tenant_id)) == {*known, orphan}
    assert len(traces.incomplete()) > 0
    assert await sweep(timedelta(hours=25)).sweep() >= 1
    assert traces.objects(physician.tenant_id) == known
    assert traces.incomplete() == []


def _messaging_that_knows(sent: UUID, drafted: UUID) -> aio.Server:
    async def look_up(
        request: messaging_pb2.LookupAttachmentsRequest, context: object
    ) -> messaging_pb2.LookupAttachmentsResponse:
        return messaging_pb2.LookupAttachmentsResponse(
            sent_ids=[each for each in request.attachment_ids if each == str(sent)],
            drafted_ids=[each for each in request.attachment_ids if each == str(drafted)],
        )

    handler = grpc.unary_unary_rpc_method_handler(
        look_up,
        messaging_pb2.LookupAttachmentsRequest.FromString,
        messaging_pb2.LookupAttachmentsResponse.SerializeToString,
    )
    server = aio.server()
    server.add_generic_rpc_handlers(
        [
            grpc.method_handlers_generic_handler(
                "praxispost.messaging.v1.MessagingService", {"LookupAttachments": handler}
            )
        ]
    )
    return server


async def test_messaging_is_asked_over_the_wire_and_its_silence_is_no_answer() -> None:
    sent, drafted, missing = uuid4(), uuid4(), uuid4()
    server = _messaging_that_knows(sent, drafted)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        lookup = HolderLookup(channel)
        holders = await lookup.holders(uuid4(), [sent, drafted, missing])
        assert holders == Holders(frozenset({sent}), frozenset({drafted}))
        await server.stop(None)
        with pytest.raises(Refusal) as refused:
            await lookup.holders(uuid4(), [sent])
    assert refused.value.reason == "DEPENDENCY_UNAVAILABLE"
