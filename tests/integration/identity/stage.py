"""Identity's person side on real databases, behind a real gRPC server, with a clock that tests set."""

import contextlib
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from grpc import aio
from joserfc.jwk import OKPKey
from sqlalchemy import select

from chassis.caller import Caller
from chassis.database import Database
from chassis.grpc_client import AioRpcError, refusal_of
from chassis.grpc_server import GrpcServer, GrpcSettings
from chassis.keys import BlindIndex, Keys, Sealer
from chassis.refusal import Refusal
from chassis.signing import SigningKey
from chassis.telemetry import Telemetry
from chassis.tokens import TokenSigner, TokenVerifier
from praxispost.identity.v1 import (
    account_changes_pb2_grpc,
    accounts_pb2_grpc,
    password_reset_pb2_grpc,
    registration_pb2_grpc,
    sessions_pb2_grpc,
)
from services.identity.access import ACCESS
from services.identity.accounts.storage import Accounts
from services.identity.auth_metrics import AuthAttempts
from services.identity.codes import CODE_KEY, Codes
from services.identity.contact import CONTACT_INDEX_KEY, ContactIndex
from services.identity.notice_delivery import NoticeDelivery
from services.identity.notices import NOTICE_KEY, Notice, NoticeQueue
from services.identity.opaque_secrets import secret_hash
from services.identity.passwords import Cost, Holder, Passwords
from services.identity.patients.search import PATIENT_INDEX_KEY, SearchIndex
from services.identity.people import People, Proofs, people
from services.identity.registration.storage import REGISTRATION_KEY
from services.identity.tables.people import code
from services.identity.tables.people import registration as registration_table

# What a busy machine may take: these tests are about what happens, not about how fast.
_PATIENCE = timedelta(minutes=1)
_CHEAP = Cost("test", time=1, memory_kib=64, lanes=1)


@dataclass
class Clock:
    """A clock that only tests move."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def __call__(self) -> datetime:
        return self.now

    def advance(self, span: timedelta) -> None:
        self.now += span


@dataclass(frozen=True, slots=True)
class OwnKeys:
    """The verifying side of the one key that signs here."""

    signing: SigningKey

    async def key(self, key_id: str) -> OKPKey:
        assert key_id == self.signing.id
        return OKPKey.import_key(self.signing.private.public_key())


class CountingPasswords(Passwords):
    """Real hashes at a low cost, counted."""

    computed = 0

    async def hash(self, holder: Holder, email_index: bytes, password: str) -> str:
        self.computed += 1
        return await super().hash(holder, email_index, password)


class Letterbox:
    """Takes what the worker hands over."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    async def send(self, notice_id: UUID, notice: Notice) -> None:
        self.notices.append(notice)


@dataclass(frozen=True)
class Stage:
    """What a test has in hand."""

    clock: Clock
    database: Database
    keys: Keys
    proofs: Proofs
    passwords: CountingPasswords
    signing: SigningKey
    signer: TokenSigner
    letterbox: Letterbox
    delivery: NoticeDelivery
    people: People
    channel: aio.Channel
    telemetry: Telemetry

    @property
    def registration(self) -> "registration_pb2_grpc.RegistrationServiceAsyncStub":
        return registration_pb2_grpc.RegistrationServiceStub(self.channel)

    @property
    def sessions(self) -> "sessions_pb2_grpc.SessionServiceAsyncStub":
        return sessions_pb2_grpc.SessionServiceStub(self.channel)

    @property
    def accounts(self) -> "accounts_pb2_grpc.AccountServiceAsyncStub":
        return accounts_pb2_grpc.AccountServiceStub(self.channel)

    @property
    def account_changes(self) -> "account_changes_pb2_grpc.AccountChangeServiceAsyncStub":
        return account_changes_pb2_grpc.AccountChangeServiceStub(self.channel)

    @property
    def password_reset(self) -> "password_reset_pb2_grpc.PasswordResetServiceAsyncStub":
        return password_reset_pb2_grpc.PasswordResetServiceStub(self.channel)

    @property
    def portal(self) -> tuple[tuple[str, str], ...]:
        """The metadata of a call by the portal itself."""
        lifetime = timedelta(minutes=5)
        caller = Caller(uuid4(), "portal", None, (), None, self.clock() + lifetime)
        return bearer(self.signer.sign(caller, "identity", self.clock(), lifetime))

    async def person(self, session: str) -> tuple[tuple[str, str], ...]:
        """The metadata of a call by the holder of a session."""
        return bearer((await self.people.exchange.exchange(session, "identity", by_person=True)).token)

    async def notices(self) -> list[Notice]:
        """What was really sent since the last time this was asked; dummies never get so far."""
        self.letterbox.notices.clear()
        while await self.delivery.deliver_next():
            pass
        return list(self.letterbox.notices)

    async def tries(self, registration: str) -> int:
        """How many guesses at a registration's e-mail code were counted."""
        counted = (
            select(code.c.tries)
            .join(registration_table, registration_table.c.id == code.c.flow_id)
            .where(registration_table.c.secret_hash == secret_hash(registration))
        )
        async with self.database.transaction() as tx:
            tries: int = (await tx.execute(counted)).scalar_one()
        return tries

    async def code(self) -> str:
        """The code of the only notice that was sent since the last time."""
        (notice,) = await self.notices()
        return notice.code


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


async def refusal(call: Awaitable[object]) -> Refusal:
    """The refusal that a call is answered with."""
    with pytest.raises(AioRpcError) as caught:
        await call
    refused = refusal_of(caught.value)
    assert refused is not None, caught.value
    return refused


async def reason(call: Awaitable[object]) -> str:
    """The reason of that refusal."""
    return (await refusal(call)).reason


@contextlib.asynccontextmanager
async def set_stage(database: Database, keys: Keys, signing: SigningKey) -> AsyncIterator[Stage]:
    """Build it and serve it for as long as the block lasts."""
    clock, letterbox = Clock(), Letterbox()
    telemetry = Telemetry("identity", "api", 0)
    passwords = CountingPasswords(await keys.service_key("password"), _CHEAP)
    proofs = Proofs(
        contact=ContactIndex(BlindIndex(await keys.service_key(CONTACT_INDEX_KEY))),
        search=SearchIndex(BlindIndex(await keys.service_key(PATIENT_INDEX_KEY))),
        passwords=passwords,
        codes=Codes(await keys.service_key(CODE_KEY)),
        notices=NoticeQueue(Sealer({1: await keys.service_key(NOTICE_KEY)}), uuid4),
        attempts=AuthAttempts(telemetry.registry),
    )
    signer = TokenSigner(signing)
    built = people(
        database,
        keys,
        Sealer({1: await keys.service_key(REGISTRATION_KEY)}),
        proofs,
        signer,
        clock=clock,
        new_id=uuid4,
    )
    server = GrpcServer(
        GrpcSettings(port=0, deadline=_PATIENCE),
        access=ACCESS,
        verifier=TokenVerifier("identity", OwnKeys(signing), clock),
        telemetry=telemetry,
        error_domain="identity.praxispost",
    )
    server.add(registration_pb2_grpc.add_RegistrationServiceServicer_to_server, built.registration)
    server.add(sessions_pb2_grpc.add_SessionServiceServicer_to_server, built.sessions)
    server.add(accounts_pb2_grpc.add_AccountServiceServicer_to_server, built.accounts)
    server.add(account_changes_pb2_grpc.add_AccountChangeServiceServicer_to_server, built.account_changes)
    server.add(password_reset_pb2_grpc.add_PasswordResetServiceServicer_to_server, built.password_reset)
    served = await server.start()
    delivery = NoticeDelivery(database, proofs.notices, Accounts(keys), letterbox, clock=clock)
    async with aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield Stage(
            clock,
            database,
            keys,
            proofs,
            passwords,
            signing,
            signer,
            letterbox,
            delivery,
            built,
            channel,
            telemetry,
        )
    await server.drain(served)
    passwords.close()
