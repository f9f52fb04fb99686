"""The processes as they are started: settings in, service out, an orderly end."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from google.protobuf.message import Message
from grpc import aio
from sqlalchemy import insert

from chassis.events import Event, envelop
from chassis.settings import load
from deploy.local import ports
from praxispost.chassis.v1 import public_keys_pb2, public_keys_pb2_grpc
from praxispost.identity.v1.events_pb2 import PatientChanged
from praxispost.messaging.v1 import messaging_pb2 as wire
from praxispost.messaging.v1 import messaging_pb2_grpc
from praxispost.notifier.v1.events_pb2 import PromptAccepted
from services.messaging import __main__ as program
from services.messaging import api, worker
from services.messaging.bindings import PATIENT_CHANGED, PROMPT_ACCEPTED
from services.messaging.settings import ApiSettings, WorkerSettings
from services.messaging.tables import chassis_tables
from tests.integration.chassis.waiting import eventually
from tests.integration.messaging.post import Post, Stores, reason, refusing, staff

_NOWHERE = "127.0.0.1:9"


def _environment(stores: Stores, grpc_port: int) -> dict[str, str]:
    """Identity, attachments and the bus are away: nothing here needs them."""
    return {
        "PRAXISPOST_DATABASE_URL": stores.database_url,
        "PRAXISPOST_KEYS_DATABASE_URL": stores.keys_database_url,
        "PRAXISPOST_WRAPPING_KEYS": str(stores.wrapping_keys),
        "PRAXISPOST_GRPC_PORT": str(grpc_port),
        "PRAXISPOST_METRICS_PORT": "0",
        "PRAXISPOST_IDENTITY_TARGET": _NOWHERE,
        "PRAXISPOST_ATTACHMENTS_TARGET": _NOWHERE,
        "PRAXISPOST_SERVICE_ACCOUNT_ID": str(uuid4()),
        "PRAXISPOST_SERVICE_ACCOUNT_SECRET": "secret",
        "PRAXISPOST_AMQP_URL": f"amqp://guest:guest@{_NOWHERE}//",
    }


@pytest.fixture
def port() -> Iterator[int]:
    with ports.choose() as free:
        yield free


async def test_the_api_serves_publishes_its_keys_and_ends_when_told(
    messaging_stores: Stores, port: int
) -> None:
    settings = load(ApiSettings, _environment(messaging_stores, port))
    stop = asyncio.Event()
    running = asyncio.create_task(api.run(settings, stop))
    async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        keys = public_keys_pb2_grpc.PublicKeysServiceStub(channel)
        published = await keys.ListPublicKeys(
            public_keys_pb2.ListPublicKeysRequest(), wait_for_ready=True, timeout=20
        )
        assert [len(each.ed25519) for each in published.keys] == [32]
        stub = messaging_pb2_grpc.MessagingServiceStub(channel)
        assert await reason(refusing(stub.SendMessage(wire.SendMessageRequest()))) == "TOKEN_MISSING"
    stop.set()
    await running


async def test_the_worker_works_off_what_arrived_even_while_the_bus_is_away(
    post: Post, messaging_stores: Stores
) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    patient_id = post.patient(practice_id)
    sent = await post.send(physician, patient_id)
    accepted = PromptAccepted(message_id=sent.message_id, contact_version=2)
    accepted.accepted_at.GetCurrentTime()
    await _arrive(post, PROMPT_ACCEPTED, practice_id, uuid4(), 1, accepted)
    known = PatientChanged(contact_version=2, has_email=True, has_mobile=True)
    await _arrive(post, PATIENT_CHANGED, practice_id, patient_id, 2, known)
    stop = asyncio.Event()
    settings = load(WorkerSettings, _environment(messaging_stores, 0))
    running = asyncio.create_task(worker.run(settings, stop))

    async def both_are_known() -> bool:
        query = "SELECT version FROM patient_state WHERE patient_id = :patient"
        (state,) = await post.rows(query, patient=patient_id)
        receipt = (await post.receipt(physician, sent.message_id)).receipt
        return state.version == 2 and receipt.state == wire.RECEIPT_STATE_SENT

    await eventually(both_are_known)
    stop.set()
    await running


@pytest.mark.parametrize("arguments", [[], ["portal"]])
def test_an_unknown_kind_of_process_is_explained(arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="usage"):
        program.main(arguments)


def test_all_missing_settings_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {})
    with pytest.raises(SystemExit) as ended:
        program.main(["api"])
    names = ("GRPC_PORT", "DATABASE_URL", "KEYS_DATABASE_URL", "WRAPPING_KEYS", "SERVICE_ACCOUNT_SECRET")
    assert all(f"PRAXISPOST_{name} is missing" in str(ended.value) for name in names)


async def _arrive(post: Post, kind: str, practice_id: UUID, about: UUID, version: int, data: Message) -> None:
    """Put an event where the intake puts it."""
    event_id = uuid4()
    envelope = envelop(Event(kind, practice_id, about, version, datetime.now(UTC), data), event_id)
    row = {
        "consumer": "messaging",
        "event_id": event_id,
        "type": kind,
        "envelope": envelope.SerializeToString(),
    }
    async with post.database.transaction() as tx:
        await tx.execute(insert(chassis_tables.inbox).values(row))
