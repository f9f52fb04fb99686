"""Attachments' api on real stores, served in the test's process; test keys sign tokens and grants."""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import grpc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from grpc import aio
from prometheus_client import CollectorRegistry

from chassis.caller import Caller, Entitlement
from chassis.data_keys import DataKeys
from chassis.database import Database
from chassis.grpc_server import GrpcServer, GrpcSettings
from chassis.keys import FileWrappingKeys, KeyDatabase, Keys
from chassis.public_keys import PublicKeys
from chassis.rich_status import refusal_of
from chassis.signing import SigningKey, VerifyingKey
from chassis.statements import StatementSigner, StatementVerifier
from chassis.telemetry import Telemetry
from chassis.tokens import PERSON_LIFETIME, TokenSigner, TokenVerifier
from praxispost.attachments.v1 import attachments_pb2 as pb
from praxispost.attachments.v1 import attachments_pb2_grpc, usage_pb2_grpc
from services.attachments import grants
from services.attachments.access import ACCESS
from services.attachments.claims import Claims
from services.attachments.downloads import Downloads
from services.attachments.grants import Grants
from services.attachments.metrics import Metrics
from services.attachments.objects import ObjectStore
from services.attachments.renditions import Renditions
from services.attachments.scanning import Clamd, Patience, Unscanned
from services.attachments.seals import Seals
from services.attachments.servicer import AttachmentServicer
from services.attachments.settings import StoreSettings
from services.attachments.showing import Showing
from services.attachments.turns import Turns
from services.attachments.uploads import Uploads
from services.attachments.usage import Usage
from services.attachments.usage_servicer import UsageServicer
from services.attachments.withdrawals import Withdrawals

LIMIT = 50 * 1024 * 1024
QUOTA = 10 * 1024 * 1024 * 1024
CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the migrated databases and the bucket are."""

    database_url: str
    superuser_url: str
    keys_database_url: str
    wrapping_keys: Path
    s3: StoreSettings


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What came of a download."""

    header: pb.DownloadHeader
    content: bytes
    chunk_sizes: list[int]


class Client:
    """A client of the api, and the key that signs what the api believes."""

    def __init__(self, target: str, key: SigningKey) -> None:
        self._target = target
        self._channel = aio.insecure_channel(target)
        self.stub = attachments_pb2_grpc.AttachmentServiceStub(self._channel)
        self.usage = usage_pb2_grpc.UsageServiceStub(self._channel)
        self._tokens = TokenSigner(key)
        self._grants = StatementSigner(key, grants.ISSUER, grants.KIND)

    async def upload(
        self, caller: Caller, content: bytes, header: pb.UploadHeader
    ) -> pb.UploadAttachmentResponse:
        """Upload in chunks of 64 KiB; raises the Refusal that the api answers with."""
        return await self.send(caller, parts(header, content))

    async def send(
        self,
        caller: Caller,
        requests: Iterator[pb.UploadAttachmentRequest] | AsyncIterator[pb.UploadAttachmentRequest],
    ) -> pb.UploadAttachmentResponse:
        try:
            return await self.stub.UploadAttachment(requests, metadata=self.metadata(caller))
        except aio.AioRpcError as error:
            raise refusal_of(error) or error from error

    def blocking_upload(
        self, caller: Caller, requests: Iterator[pb.UploadAttachmentRequest]
    ) -> grpc.StatusCode:
        """The status of an upload by gRPC's blocking client, which can end while it sends."""
        with grpc.insecure_channel(self._target) as channel:
            stub = attachments_pb2_grpc.AttachmentServiceStub(channel)
            future = stub.UploadAttachment.future(requests, metadata=tuple(self.metadata(caller)))
            return future.code()

    async def claim(
        self, caller: Caller, patient_id: UUID, *ids: str, message_id: UUID
    ) -> list[pb.ClaimedAttachment]:
        """Claim for a message of this caller."""
        request = pb.ClaimAttachmentsRequest(
            practice_id=str(caller.tenants[0]),
            patient_id=str(patient_id),
            message_id=str(message_id),
            uploader_id=str(caller.subject_id),
            attachment_ids=ids,
        )
        return await self.send_claim(messaging(), request)

    async def send_claim(
        self, caller: Caller, request: pb.ClaimAttachmentsRequest
    ) -> list[pb.ClaimedAttachment]:
        try:
            response = await self.stub.ClaimAttachments(request, metadata=self.metadata(caller))
        except aio.AioRpcError as error:
            raise refusal_of(error) or error from error
        return list(response.attachments)

    async def download(self, caller: Caller, attachment_id: str, **changed: object) -> Downloaded:
        """Download the document, by default as a whole and with a good grant."""
        request = pb.DownloadAttachmentRequest(
            practice_id=str(caller.tenants[0]),
            attachment_id=attachment_id,
            grant=self.grant(caller, attachment_id),
        )
        for name, value in changed.items():
            setattr(request, name, value)
        call = self.stub.DownloadAttachment(request, metadata=self.metadata(caller))
        try:
            responses = [response async for response in call]
        except aio.AioRpcError as error:
            raise refusal_of(error) or error from error
        chunks = [response.chunk for response in responses[1:]]
        return Downloaded(responses[0].header, b"".join(chunks), [len(chunk) for chunk in chunks])

    async def show(
        self, caller: Caller, attachment_id: str, **changed: str
    ) -> list[pb.ShowAttachmentResponse]:
        """What comes of the document's pages, by default with a good grant."""
        wish = {"practice_id": str(caller.tenants[0]), "grant": self.grant(caller, attachment_id)}
        request = pb.ShowAttachmentRequest(attachment_id=attachment_id, **(wish | changed))
        call = self.stub.ShowAttachment(request, metadata=self.metadata(caller))
        try:
            return [response async for response in call]
        except aio.AioRpcError as error:
            raise refusal_of(error) or error from error

    def grant(
        self, caller: Caller, attachment_id: str, *, age: timedelta = timedelta(), **changed: str
    ) -> str:
        """What messaging would sign for the caller; `age` ago, with some claims changed."""
        claims = {"sub": str(caller.subject_id), "ten": str(caller.tenants[0]), "att": attachment_id}
        return self._grants.sign(
            claims | changed,
            audience=grants.AUDIENCE,
            now=datetime.now(UTC) - age,
            lifetime=timedelta(seconds=60),
        )

    async def close(self) -> None:
        await self._channel.close()

    def token(self, caller: Caller) -> str:
        return self._tokens.sign(caller, "attachments", datetime.now(UTC), PERSON_LIFETIME)

    def metadata(self, caller: Caller) -> aio.Metadata:
        return aio.Metadata(("authorization", f"Bearer {self.token(caller)}"))


class House(Client):
    """A client of an api in this process, and what that api works with."""

    def __init__(self, target: str, key: SigningKey, database: Database, store: ObjectStore) -> None:
        super().__init__(target, key)
        self.database = database
        self.store = store


def parts(header: pb.UploadHeader, content: bytes) -> Iterator[pb.UploadAttachmentRequest]:
    """The header, then the content in chunks."""
    yield pb.UploadAttachmentRequest(header=header)
    for start in range(0, len(content), CHUNK):
        yield pb.UploadAttachmentRequest(chunk=content[start : start + CHUNK])


def header(of: UUID, /, **changed: object) -> pb.UploadHeader:
    """A header with a new request id."""
    sent = pb.UploadHeader(request_id=str(uuid4()), patient_id=str(of), file_name="Befund.pdf")
    for name, value in changed.items():
        setattr(sent, name, value)
    return sent


def staff(practice_id: UUID | None = None, role: str = "physician") -> Caller:
    return _caller(role, practice_id or uuid4())


def account(practice_id: UUID, patient_id: UUID) -> Caller:
    return replace(_caller("account", None), entitlements=(Entitlement(practice_id, patient_id, "self"),))


def messaging() -> Caller:
    return _caller("messaging", None)


def operator() -> Caller:
    return _caller("operator", None)


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _caller(role: str, practice_id: UUID | None) -> Caller:
    return Caller(uuid4(), role, practice_id, (), None, datetime.now(UTC))


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def open_house(
    stores: Stores,
    s3: StoreSettings | None = None,
    *,
    store_patience: float = 8.0,
    caller_patience: float = 30.0,
    scanner: str | None = None,
    scanner_patience: Patience | None = None,
    clock: Callable[[], datetime] = _now,
) -> AsyncIterator[House]:
    """Serve until the end of the block; `s3` is another way to the same bucket, `scanner` the address of a
    clamd, patience is in seconds."""
    key = SigningKey("test", Ed25519PrivateKey.generate(), datetime.now(UTC))

    async def published() -> list[VerifyingKey]:
        return [key.public]

    database = Database(stores.database_url, pool_size=5)
    key_database = KeyDatabase(stores.keys_database_url)
    wrapping = FileWrappingKeys(stores.wrapping_keys)
    seals = Seals(Keys(key_database, wrapping), DataKeys(key_database, wrapping))
    store = ObjectStore(s3 or stores.s3, patience=store_patience)
    metrics = Metrics(CollectorRegistry())
    usage = Usage(database=database, quota=QUOTA, clock=clock)
    turns = Turns()
    uploads = Uploads(
        database=database,
        seals=seals,
        store=store,
        usage=usage,
        renditions=Renditions(store, turns, LIMIT),
        scanner=Unscanned() if scanner is None else Clamd(scanner, metrics, scanner_patience),
        metrics=metrics,
        limit=LIMIT,
        clock=clock,
        patience=caller_patience,
    )
    keys = PublicKeys(published)
    granting = StatementVerifier(
        keys, issuer=grants.ISSUER, audience=grants.AUDIENCE, kind=grants.KIND, clock=_now
    )
    downloads = Downloads(
        database=database, seals=seals, store=store, grants=Grants(granting), metrics=metrics, clock=_now
    )
    servicer = AttachmentServicer(
        uploads=uploads,
        downloads=downloads,
        showing=Showing(downloads, turns),
        claims=Claims(database=database, seals=seals, clock=_now),
        withdrawals=Withdrawals(database=database, clock=_now),
    )
    server = _server(keys, servicer, UsageServicer(usage))
    serving = await server.start()
    house = House(f"127.0.0.1:{server.port}", key, database, store)
    try:
        yield house
    finally:
        await house.close()
        await serving.stop(None)
        await uploads.close()
        store.close()
        await key_database.close()
        await database.close()


def _server(keys: PublicKeys, servicer: AttachmentServicer, usage: UsageServicer) -> GrpcServer:
    server = GrpcServer(
        GrpcSettings(port=0),
        access=ACCESS,
        verifier=TokenVerifier("attachments", keys, _now),
        telemetry=Telemetry("attachments", "api", 0),
        error_domain="attachments.praxispost",
    )
    server.add(attachments_pb2_grpc.add_AttachmentServiceServicer_to_server, servicer)
    server.add(usage_pb2_grpc.add_UsageServiceServicer_to_server, usage)
    return server
