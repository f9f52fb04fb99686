"""The api: answers AttachmentService."""

import asyncio
from datetime import UTC, datetime

from chassis import logs
from chassis.allocator import keep_pieces
from chassis.data_keys import DataKeys
from chassis.database import Database
from chassis.database_metrics import DatabaseMetrics
from chassis.grpc_client import channel
from chassis.grpc_server import GrpcServer
from chassis.keys import FileWrappingKeys, KeyDatabase, Keys
from chassis.public_keys import PublicKeys
from chassis.statements import StatementVerifier
from chassis.telemetry import Telemetry
from chassis.tokens import TokenVerifier
from praxispost.attachments.v1 import attachments_pb2_grpc, usage_pb2_grpc
from services.attachments import grants
from services.attachments.access import ACCESS
from services.attachments.claims import Claims
from services.attachments.confinement import hide
from services.attachments.decoder_process import is_confined
from services.attachments.downloads import Downloads
from services.attachments.drawing_process import PROGRAM as DRAWING
from services.attachments.grants import Grants
from services.attachments.metrics import Metrics
from services.attachments.objects import ObjectStore
from services.attachments.readiness import watch_database
from services.attachments.rendering_process import PROGRAM as RENDERING
from services.attachments.renditions import Renditions
from services.attachments.scanning import Clamd, Scanner, Unscanned
from services.attachments.seals import Seals
from services.attachments.servicer import AttachmentServicer
from services.attachments.settings import ApiSettings
from services.attachments.showing import Showing
from services.attachments.turns import Turns
from services.attachments.uploads import Uploads
from services.attachments.usage import Usage
from services.attachments.usage_servicer import UsageServicer
from services.attachments.withdrawals import Withdrawals

_LOG = logs.get(__name__)
_POOL_SIZE = 10


def _now() -> datetime:
    return datetime.now(UTC)


async def _look_at_confinement(metrics: Metrics) -> None:
    """Photos are taken, and pages drawn, where the system does not confine what decodes them, too; but that
    is said."""
    confined = await is_confined(RENDERING) and await is_confined(DRAWING)
    metrics.decoder_confined.set(confined)
    if not confined:
        _LOG.warning("photos and pages are decoded unconfined: the system has no seccomp for this machine")


def _scanner(address: str | None, metrics: Metrics) -> Scanner:
    if address is None:
        _LOG.warning("documents are not scanned for malware: no scanner is set")
        return Unscanned()
    return Clamd(address, metrics)


async def run(settings: ApiSettings, stop: asyncio.Event) -> None:
    """Serve until stopped."""
    hide()
    keep_pieces()
    telemetry = Telemetry("attachments", "api", settings.metrics_port, settings.metrics_host)
    metrics = Metrics(telemetry.registry)
    to_identity = channel(
        settings.identity_target, tokens=None, audience="identity", telemetry=telemetry, tls=settings.tls
    )
    to_messaging = channel(
        settings.messaging_target, tokens=None, audience="messaging", telemetry=telemetry, tls=settings.tls
    )
    database = Database(settings.database_url, pool_size=_POOL_SIZE)
    DatabaseMetrics(telemetry.registry, database)
    key_database = KeyDatabase(settings.keys_database_url)
    wrapping = FileWrappingKeys(settings.wrapping_keys)
    seals = Seals(Keys(key_database, wrapping), DataKeys(key_database, wrapping))
    store = ObjectStore(settings.s3)

    granting = StatementVerifier(
        PublicKeys.of(to_messaging, grants.ISSUER),
        issuer=grants.ISSUER,
        audience=grants.AUDIENCE,
        kind=grants.KIND,
        clock=_now,
    )
    usage = Usage(database=database, quota=settings.quota_bytes, clock=_now)
    turns = Turns()
    uploads = Uploads(
        database=database,
        seals=seals,
        store=store,
        usage=usage,
        renditions=Renditions(store, turns, settings.max_attachment_bytes),
        scanner=_scanner(settings.scanner, metrics),
        metrics=metrics,
        limit=settings.max_attachment_bytes,
        clock=_now,
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
    server = GrpcServer(
        settings.grpc,
        access=ACCESS,
        verifier=TokenVerifier("attachments", PublicKeys.of(to_identity), _now),
        telemetry=telemetry,
        error_domain="attachments.praxispost",
    )
    server.add(attachments_pb2_grpc.add_AttachmentServiceServicer_to_server, servicer)
    server.add(usage_pb2_grpc.add_UsageServiceServicer_to_server, UsageServicer(usage))

    def tell_ready(ready: bool) -> None:
        telemetry.ready = ready

    telemetry.start()
    await _look_at_confinement(metrics)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve(stop))
            tasks.create_task(watch_database(database, tell_ready, stop))
    finally:
        await uploads.close()
        store.close()
        await key_database.close()
        await database.close()
        await to_messaging.close()
        await to_identity.close()
        telemetry.stop()
