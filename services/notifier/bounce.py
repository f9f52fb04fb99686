"""The bounce process: takes delivery reports in by SMTP, and tells what follows from them."""

import asyncio
from datetime import UTC, datetime

from chassis.database import Database
from chassis.database_metrics import DatabaseMetrics
from chassis.telemetry import Telemetry
from services.notifier.bindings import SERVICE
from services.notifier.bounces.exchangers import DnsExchangers
from services.notifier.bounces.receiver import Receiver, connections
from services.notifier.bounces.recording import Recording
from services.notifier.mail.address import domain_of
from services.notifier.settings import BounceSettings, check_sender

_DATABASE_CONNECTIONS = 4


def _now() -> datetime:
    return datetime.now(UTC)


async def run(settings: BounceSettings, stop: asyncio.Event) -> None:
    """Listen until stopped; the worker publishes what is recorded."""
    check_sender(settings.mail_from)
    telemetry = Telemetry(SERVICE, "bounce", settings.metrics_port, settings.metrics_host)
    database = Database(settings.database_url, pool_size=_DATABASE_CONNECTIONS)
    DatabaseMetrics(telemetry.registry, database)
    domain = domain_of(settings.mail_from)
    recording = Recording(database, DnsExchangers(), clock=_now)
    receiver = Receiver(recording, domain, telemetry.registry)

    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        connections(receiver, domain), settings.bounce_host, settings.bounce_port
    )
    telemetry.start()
    telemetry.ready = True
    try:
        await stop.wait()
    finally:
        telemetry.ready = False
        listening.close()
        await database.close()
        telemetry.stop()
