"""Messaging's api on real databases, served in the test's process, with tokens signed by a test key."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.message import Message
from grpc import aio
from prometheus_client import CollectorRegistry
from sqlalchemy import text

from chassis.caller import Caller, Entitlement
from chassis.data_keys import DataKeys
from chassis.database import Database
from chassis.events import Event, envelop
from chassis.grpc_client import AioRpcError, refusal_of
from chassis.grpc_server import GrpcServer, GrpcSettings
from chassis.idempotency import Requests
from chassis.inbox import Handler
from chassis.keys import FileWrappingKeys, KeyDatabase, Keys
from chassis.public_keys import PublicKeys, PublicKeysServicer
from chassis.refusal import Refusal
from chassis.signing import SigningKey, SigningKeys, VerifyingKey
from chassis.telemetry import Telemetry
from chassis.tokens import SERVICE_LIFETIME, TokenSigner, TokenVerifier
from chassis.wakeups import Wakeups
from praxispost.chassis.v1 import public_keys_pb2_grpc
from praxispost.identity.v1 import patients_pb2
from praxispost.messaging.v1 import (
    drafts_pb2_grpc,
    guard_pb2_grpc,
    messaging_pb2_grpc,
    withdrawals_pb2_grpc,
    work_pb2_grpc,
)
from praxispost.messaging.v1 import messaging_pb2 as wire
from services.messaging.access import ACCESS, STREAMS
from services.messaging.api import assemble
from services.messaging.changes.storage import CHANNEL
from services.messaging.drafts.servicer import DraftServicer
from services.messaging.guard.domain import GuardRules
from services.messaging.guard.holding import TEXT_KEY, Guard
from services.messaging.guard.servicer import GuardServicer
from services.messaging.guard.step_up import SignedStepUps
from services.messaging.metrics import Metrics
from services.messaging.patients.identity import Identity
from services.messaging.reading.grants import Grants
from services.messaging.receipts.events import ReceiptEvents
from services.messaging.sending.claims import AttachmentClaims
from services.messaging.servicer import MessagingServicer
from services.messaging.withdrawals.servicer import WithdrawalServicer
from services.messaging.work.servicer import WorkServicer
from services.messaging.work.staff import IdentityStaff
from tests.integration.messaging import neighbours
from tests.integration.messaging.neighbours import Neighbours

T = TypeVar("T")
# What a busy machine may take: these tests are about what happens, not about how fast.
_PATIENCE = timedelta(minutes=1)

USUAL_RULES = GuardRules()


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the migrated databases and the wrapping keys are."""

    database_url: str
    owner_url: str
    superuser_url: str
    keys_database_url: str
    wrapping_keys: Path


class Clock:
    """Real time, and as much more as a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class Post:
    """What a test has in hand."""

    stub: "messaging_pb2_grpc.MessagingServiceAsyncStub"
    channel: aio.Channel
    database: Database
    superuser: Database
    signing_keys: SigningKeys
    neighbours: Neighbours
    clock: Clock
    telemetry: Telemetry
    token_key: SigningKey
    signer: TokenSigner

    @property
    def work(self) -> "work_pb2_grpc.WorkServiceAsyncStub":
        """The practice's work."""
        return work_pb2_grpc.WorkServiceStub(self.channel)

    def to(self, caller: Caller) -> aio.Metadata:
        """The metadata of a call by this caller."""
        token = self.signer.sign(caller, "messaging", datetime.now(UTC), SERVICE_LIFETIME)
        return aio.Metadata(("authorization", f"Bearer {token}"))

    def knows(self, practice_id: UUID, patient_id: UUID, **changed: Any) -> None:
        """Identity has this patient, by default one who can be written to."""
        contact = {"has_email": True, "has_mobile": True, "conflict": False, **changed}
        versions = {
            "version": contact.pop("version", 1),
            "contact_version": contact.pop("contact_version", 1),
        }
        state = patients_pb2.GetPatientStateResponse(contact=patients_pb2.ContactState(**contact), **versions)
        self.neighbours.states[practice_id, patient_id] = state

    def patient(self, practice_id: UUID) -> UUID:
        """A new patient who can be written to."""
        patient_id = uuid4()
        self.knows(practice_id, patient_id)
        return patient_id

    async def send(self, caller: Caller, patient_id: UUID, /, **changed: Any) -> wire.SendMessageResponse:
        """Send a message; raises the Refusal that the api answers with."""
        return await refusing(self.stub.SendMessage(letter(patient_id, **changed), metadata=self.to(caller)))

    async def reply(
        self, caller: Caller, message_id: str, practice_id: UUID | None = None, /, **changed: Any
    ) -> wire.SendReplyResponse:
        """Answer a message; raises the Refusal that the api answers with."""
        fields: dict[str, Any] = {
            "request_id": str(uuid4()),
            "practice_id": str(practice_id or caller.tenants[0]),
            "in_reply_to": message_id,
            "body": "Danke!",
            **changed,
        }
        return await refusing(self.stub.SendReply(wire.SendReplyRequest(**fields), metadata=self.to(caller)))

    async def open(self, caller: Caller, message_id: str, practice_id: UUID | None = None) -> wire.Message:
        """Open a message; raises the Refusal that the api answers with."""
        request = wire.OpenMessageRequest(
            practice_id=str(practice_id or caller.tenants[0]), message_id=message_id
        )
        return (await refusing(self.stub.OpenMessage(request, metadata=self.to(caller)))).message

    async def mailbox(self, caller: Caller, size: int = 0, token: str = "") -> wire.ListMailboxResponse:
        request = wire.ListMailboxRequest(page_size=size, page_token=token)
        return await refusing(self.stub.ListMailbox(request, metadata=self.to(caller)))

    async def history(
        self, caller: Caller, patient_id: UUID, size: int = 0, token: str = ""
    ) -> wire.ListMessagesResponse:
        request = wire.ListMessagesRequest(patient_id=str(patient_id), page_size=size, page_token=token)
        return await refusing(self.stub.ListMessages(request, metadata=self.to(caller)))

    async def conversations(
        self, caller: Caller, size: int = 0, token: str = ""
    ) -> wire.ListConversationsResponse:
        request = wire.ListConversationsRequest(page_size=size, page_token=token)
        return await refusing(self.stub.ListConversations(request, metadata=self.to(caller)))

    async def receipt(self, caller: Caller, message_id: str) -> wire.GetReceiptResponse:
        request = wire.GetReceiptRequest(message_id=message_id)
        return await refusing(self.stub.GetReceipt(request, metadata=self.to(caller)))

    async def changes(self, caller: Caller, size: int = 0, token: str = "") -> wire.ListChangesResponse:
        request = wire.ListChangesRequest(page_size=size, page_token=token)
        return await refusing(self.stub.ListChanges(request, metadata=self.to(caller)))

    async def hear(
        self, handler: Handler, practice_id: UUID, about: UUID, version: int, data: Message
    ) -> None:
        """Handle an event as the inbox does it."""
        event = Event("anybody.anything_happened", practice_id, about, version, self.clock(), data)
        async with self.database.transaction([practice_id]) as tx:
            await handler(tx, envelop(event, uuid4()))

    async def hear_receipt(
        self, kind: str, practice_id: UUID, about: UUID, version: int, data: Message
    ) -> None:
        """Handle an event about a message's arrival as the inbox does it where no other waits."""
        event = Event(kind, practice_id, about, version, self.clock(), data)
        receipts = ReceiptEvents(self.clock, Metrics(CollectorRegistry()))
        async with self.database.transaction([practice_id]) as tx:
            await receipts.record(tx, [envelop(event, uuid4())])

    async def rows(self, query: str, **parameters: object) -> Sequence[Any]:
        """What really stands in the database, of all practices."""
        async with self.superuser.transaction() as tx:
            return (await tx.execute(text(query), parameters)).all()


def letter(patient_id: UUID, /, **changed: Any) -> wire.SendMessageRequest:
    """A good message with a new request id."""
    usual: dict[str, Any] = {
        "request_id": str(uuid4()),
        "patient_id": str(patient_id),
        "purpose": wire.PURPOSE_FINDINGS,
        "subject": "Ihr Befund",
        "body": "Alles in Ordnung.",
        "reply_allowed": True,
    }
    return wire.SendMessageRequest(**usual | changed)


def staff(practice_id: UUID | None = None, role: str = "physician") -> Caller:
    """Somebody of a practice, by default of a new one."""
    return _caller(role, practice_id or uuid4())


def account(*bound: tuple[UUID, UUID], kind: str = "self") -> Caller:
    """An account with bindings to patients, given with their practices."""
    entitlements = tuple(Entitlement(practice_id, patient_id, kind) for practice_id, patient_id in bound)
    return _caller("account", None, entitlements)


def service(role: str) -> Caller:
    """A service account of the platform."""
    return _caller(role, None)


async def refusing(call: Awaitable[T]) -> T:
    """The answer; raises the Refusal, where there is one, instead of gRPC's error."""
    try:
        return await call
    except AioRpcError as error:
        raise refusal_of(error) or error from error


async def reason(call: Awaitable[object]) -> str:
    """The reason for which a call is refused."""
    with pytest.raises(Refusal) as refused:
        await call
    return refused.value.reason


def _caller(role: str, practice_id: UUID | None, entitlements: tuple[Entitlement, ...] = ()) -> Caller:
    return Caller(uuid4(), role, practice_id, entitlements, None, datetime.now(UTC))


@asynccontextmanager
async def open_post(stores: Stores, rules: GuardRules = USUAL_RULES) -> AsyncIterator[Post]:
    """Serve until the end of the block."""
    token_key = SigningKey("test", Ed25519PrivateKey.generate(), datetime.now(UTC))
    database, superuser = (
        Database(stores.database_url, pool_size=10),
        Database(stores.superuser_url, pool_size=2),
    )
    key_database = KeyDatabase(stores.keys_database_url)
    wrapping = FileWrappingKeys(stores.wrapping_keys)
    keys, signing_keys = Keys(key_database, wrapping), SigningKeys(key_database, wrapping)
    clock, telemetry, known = Clock(), Telemetry("messaging", "api", 0), Neighbours()
    async with _neighbours(known) as to_neighbours:
        use_cases = assemble(
            database,
            keys,
            DataKeys(key_database, wrapping),
            Requests(await keys.service_key("request-hash")),
            Identity(to_neighbours),
            IdentityStaff(to_neighbours),
            AttachmentClaims(to_neighbours),
            Grants(signing_keys, clock),
            Metrics(telemetry.registry),
            Guard(await keys.service_key(TEXT_KEY), rules),
            SignedStepUps(PublicKeys(_published(token_key)), clock),
            clock=clock,
            new_id=uuid4,
        )
        server = _server(token_key, telemetry)
        server.add(messaging_pb2_grpc.add_MessagingServiceServicer_to_server, MessagingServicer(use_cases))
        server.add(guard_pb2_grpc.add_GuardServiceServicer_to_server, GuardServicer(use_cases.guard))
        server.add(work_pb2_grpc.add_WorkServiceServicer_to_server, WorkServicer(use_cases.work))
        server.add(
            withdrawals_pb2_grpc.add_WithdrawalServiceServicer_to_server,
            WithdrawalServicer(use_cases.withdrawals),
        )
        server.add(drafts_pb2_grpc.add_DraftServiceServicer_to_server, DraftServicer(use_cases.drafts))
        server.add(
            public_keys_pb2_grpc.add_PublicKeysServiceServicer_to_server, PublicKeysServicer(signing_keys)
        )
        serving = await server.start()
        async with (
            Wakeups(stores.database_url, [CHANNEL]) as wakeups,
            aio.insecure_channel(f"127.0.0.1:{server.port}") as channel,
        ):
            feeding = asyncio.create_task(use_cases.feed.run(wakeups))
            stub = messaging_pb2_grpc.MessagingServiceStub(channel)
            yield Post(
                stub,
                channel,
                database,
                superuser,
                signing_keys,
                known,
                clock,
                telemetry,
                token_key,
                TokenSigner(token_key),
            )
            feeding.cancel()
            await asyncio.wait([feeding])
            await server.drain(serving)
    for each in (database, superuser, key_database):
        await each.close()


@asynccontextmanager
async def _neighbours(known: Neighbours) -> AsyncIterator[aio.Channel]:
    server = GrpcServer(
        GrpcSettings(port=0, deadline=_PATIENCE),
        access=neighbours.ANYBODY,
        verifier=None,
        telemetry=Telemetry("neighbours", "api", 0),
        error_domain="identity.praxispost",
    )
    server.add(neighbours.add_to_server, known)
    serving = await server.start()
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield channel
    await serving.stop(None)


def _published(token_key: SigningKey) -> Callable[[], Awaitable[list[VerifyingKey]]]:
    async def published() -> list[VerifyingKey]:
        return [token_key.public]

    return published


def _server(token_key: SigningKey, telemetry: Telemetry) -> GrpcServer:
    return GrpcServer(
        GrpcSettings(port=0, deadline=_PATIENCE),
        access=ACCESS,
        verifier=TokenVerifier("messaging", PublicKeys(_published(token_key)), lambda: datetime.now(UTC)),
        telemetry=telemetry,
        error_domain="messaging.praxispost",
        long_lived=STREAMS,
    )
