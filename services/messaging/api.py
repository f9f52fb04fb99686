"""The api: answers MessagingService and GuardService, and publishes the keys that verify its grants."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

from chassis.data_keys import DataKeys
from chassis.database import Database
from chassis.database_metrics import DatabaseMetrics
from chassis.grpc_client import channel
from chassis.grpc_server import GrpcServer
from chassis.idempotency import Requests
from chassis.keys import FileWrappingKeys, KeyDatabase, Keys
from chassis.public_keys import PublicKeys, PublicKeysServicer
from chassis.service_tokens import ServiceTokens
from chassis.signing import SigningKeys
from chassis.telemetry import Telemetry
from chassis.tokens import TokenVerifier
from chassis.wakeups import Wakeups
from praxispost.chassis.v1 import public_keys_pb2_grpc
from praxispost.messaging.v1 import (
    drafts_pb2_grpc,
    guard_pb2_grpc,
    messaging_pb2_grpc,
    withdrawals_pb2_grpc,
    work_pb2_grpc,
)
from services.messaging.access import ACCESS, STREAMS
from services.messaging.bindings import SERVICE
from services.messaging.changes.listing import ChangeListing
from services.messaging.changes.storage import CHANNEL
from services.messaging.changes.watching import ChangeFeed
from services.messaging.drafts.keeping import DraftKeeping
from services.messaging.drafts.reading import DraftReading
from services.messaging.drafts.sending import DraftSending
from services.messaging.drafts.servicer import DraftServicer, DraftUseCases
from services.messaging.guard.cases import GuardCases
from services.messaging.guard.deciding import Deciding
from services.messaging.guard.holding import TEXT_KEY, Guard
from services.messaging.guard.legal_basis import LegalBases
from services.messaging.guard.records import Records
from services.messaging.guard.servicer import GuardServicer
from services.messaging.guard.step_up import SignedStepUps, StepUps
from services.messaging.messages.content_keys import ContentKeys
from services.messaging.metrics import Metrics
from services.messaging.patients.identity import Identity, PatientDirectory
from services.messaging.patients.reachability import Reachability
from services.messaging.prompting.again import PromptAgain
from services.messaging.reading.content import ContentReader
from services.messaging.reading.grants import Grants
from services.messaging.reading.listing import Listing
from services.messaging.reading.mailbox import Mailbox
from services.messaging.reading.opening import Opening
from services.messaging.sending.claims import AttachmentClaims, Claims
from services.messaging.sending.message import MessageSending
from services.messaging.sending.reply import ReplySending
from services.messaging.sending.storing import Storing
from services.messaging.sending.stream import MessageStream
from services.messaging.servicer import MessagingServicer, UseCases
from services.messaging.settings import ApiSettings
from services.messaging.withdrawals.servicer import WithdrawalServicer
from services.messaging.withdrawals.taking_back import Withdrawals
from services.messaging.work.doing import Work
from services.messaging.work.listing import WorkListing
from services.messaging.work.servicer import WorkServicer, WorkUseCases
from services.messaging.work.staff import IdentityStaff, StaffDirectory

ERROR_DOMAIN: Final = "messaging.praxispost"
# Transactions at the same time; calls beyond wait for one to end.
_CONNECTIONS: Final = 10


def _now() -> datetime:
    return datetime.now(UTC)


async def run(settings: ApiSettings, stop: asyncio.Event) -> None:
    """Serve until stopped."""
    telemetry = Telemetry(SERVICE, "api", settings.metrics_port, settings.metrics_host)
    database = Database(settings.database_url, pool_size=_CONNECTIONS)
    DatabaseMetrics(telemetry.registry, database)
    key_database = KeyDatabase(settings.keys_database_url)
    wrapping = FileWrappingKeys(settings.wrapping_keys)
    keys = Keys(key_database, wrapping)
    signing_keys = SigningKeys(key_database, wrapping)

    to_token_service = channel(settings.identity_target, tokens=None, audience="identity", tls=settings.tls)
    tokens = ServiceTokens(to_token_service, settings.service_account_id, settings.service_account_secret)
    to_identity = channel(
        settings.identity_target, tokens=tokens, audience="identity", telemetry=telemetry, tls=settings.tls
    )
    to_attachments = channel(
        settings.attachments_target,
        tokens=tokens,
        audience="attachments",
        telemetry=telemetry,
        tls=settings.tls,
    )
    identity_keys = PublicKeys.of(to_token_service)
    verifier = TokenVerifier(SERVICE, identity_keys, _now)

    use_cases = assemble(
        database,
        keys,
        DataKeys(key_database, wrapping),
        Requests(await keys.service_key("request-hash")),
        Identity(to_identity),
        IdentityStaff(to_identity),
        AttachmentClaims(to_attachments),
        Grants(signing_keys, _now),
        Metrics(telemetry.registry),
        Guard(await keys.service_key(TEXT_KEY), settings.guard),
        SignedStepUps(identity_keys, _now),
        clock=_now,
        new_id=uuid4,
    )
    server = GrpcServer(
        settings.grpc,
        access=ACCESS,
        verifier=verifier,
        telemetry=telemetry,
        error_domain=ERROR_DOMAIN,
        long_lived=STREAMS,
    )
    server.add(messaging_pb2_grpc.add_MessagingServiceServicer_to_server, MessagingServicer(use_cases))
    server.add(guard_pb2_grpc.add_GuardServiceServicer_to_server, GuardServicer(use_cases.guard))
    server.add(work_pb2_grpc.add_WorkServiceServicer_to_server, WorkServicer(use_cases.work))
    server.add(
        withdrawals_pb2_grpc.add_WithdrawalServiceServicer_to_server,
        WithdrawalServicer(use_cases.withdrawals),
    )
    server.add(drafts_pb2_grpc.add_DraftServiceServicer_to_server, DraftServicer(use_cases.drafts))
    server.add(public_keys_pb2_grpc.add_PublicKeysServiceServicer_to_server, PublicKeysServicer(signing_keys))

    telemetry.start()
    try:
        async with Wakeups(settings.database_url, [CHANNEL]) as wakeups, _running(use_cases.feed, wakeups):
            await server.serve(stop)
    finally:
        for each in (to_identity, to_attachments, to_token_service):
            await each.close()
        await database.close()
        await key_database.close()
        telemetry.stop()


def assemble(
    database: Database,
    keys: Keys,
    data_keys: DataKeys,
    requests: Requests,
    directory: PatientDirectory,
    staff: StaffDirectory,
    claims: Claims,
    grants: Grants,
    metrics: Metrics,
    guard: Guard,
    step_ups: StepUps,
    *,
    clock: Callable[[], datetime],
    new_id: Callable[[], UUID],
) -> UseCases:
    """Everything that the servicer translates to."""
    reachability = Reachability(database, directory, clock)
    content_keys = ContentKeys(keys, data_keys)
    storing = Storing(database, content_keys, requests, metrics, guard, clock=clock, new_id=new_id)
    reader = ContentReader(content_keys)
    listing = Listing(database, reader, clock)
    messages = MessageSending(database, requests, reachability, claims, storing, clock)
    return UseCases(
        messages=messages,
        stream=MessageStream(messages.send),
        replies=ReplySending(database, requests, claims, storing, clock),
        opening=Opening(database, reader, metrics, clock),
        listing=listing,
        mailbox=Mailbox(database, reader, metrics, clock),
        changes=ChangeListing(database),
        feed=ChangeFeed(database),
        grants=grants,
        guard=GuardCases(
            Deciding(database, keys, requests, step_ups, metrics, clock),
            Records(database, keys, reader, clock),
            PromptAgain(database, requests, reachability, clock),
            LegalBases(database, clock),
        ),
        work=WorkUseCases(Work(database, staff, clock), WorkListing(database, reader, listing, clock)),
        withdrawals=Withdrawals(database, claims, step_ups, clock),
        drafts=DraftUseCases(
            keeping=DraftKeeping(database, content_keys, requests, reachability, claims, clock),
            reading=DraftReading(database, content_keys, clock),
            sending=DraftSending(database, content_keys, requests, reachability, storing, clock),
            grants=grants,
        ),
    )


@contextlib.asynccontextmanager
async def _running(feed: ChangeFeed, wakeups: Wakeups) -> AsyncIterator[None]:
    task = asyncio.create_task(feed.run(wakeups), name="change feed")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
