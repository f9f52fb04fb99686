"""The api: answers NoticeService, of which it keeps nothing, and PromptService."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from chassis.database import Database
from chassis.database_metrics import DatabaseMetrics
from chassis.grpc_client import channel
from chassis.grpc_server import GrpcServer
from chassis.public_keys import PublicKeys
from chassis.telemetry import Telemetry
from chassis.tokens import TokenVerifier
from praxispost.notifier.v1 import notices_pb2_grpc, prompts_pb2_grpc
from services.notifier.access import ACCESS
from services.notifier.bindings import SERVICE
from services.notifier.mail.address import domain_of
from services.notifier.mail.relay import MailRelay
from services.notifier.mail.settings import check_smtp
from services.notifier.notices.sending import NoticeSender
from services.notifier.notices.servicer import NoticeServicer
from services.notifier.prompts.history import History
from services.notifier.prompts.reporting import NotForMe, RateLimit
from services.notifier.prompts.servicer import PromptServicer
from services.notifier.settings import ApiSettings, check_letters
from services.notifier.sms.gateway import HttpSmsGateway
from services.notifier.texts import Texts

# Letters handed over, and so connections to the relay, at the same time.
_PARALLEL: Final = 8
_DATABASE_CONNECTIONS: Final = 4
# Less than the 30 s that identity waits for an answer.
_PATIENCE: Final = timedelta(seconds=25)
ERROR_DOMAIN: Final = "notifier.praxispost"


def _now() -> datetime:
    return datetime.now(UTC)


async def run(settings: ApiSettings, stop: asyncio.Event) -> None:
    """Serve until stopped."""
    check_smtp(settings.smtp)
    check_letters(settings.mail_from, settings.portal_url)
    telemetry = Telemetry(SERVICE, "api", settings.metrics_port, settings.metrics_host)
    database = Database(settings.database_url, pool_size=_DATABASE_CONNECTIONS)
    DatabaseMetrics(telemetry.registry, database)

    to_identity = channel(
        settings.identity_target, tokens=None, audience="identity", telemetry=telemetry, tls=settings.tls
    )
    verifier = TokenVerifier(SERVICE, PublicKeys.of(to_identity), _now)

    mail = MailRelay(
        settings.smtp, greeting_name=domain_of(settings.mail_from), connections=_PARALLEL, patience=_PATIENCE
    )
    gateway = HttpSmsGateway(settings.sms)
    sender = NoticeSender(
        mail,
        gateway,
        Texts(settings.portal_url),
        telemetry.registry,
        address=settings.mail_from,
        clock=_now,
    )
    server = GrpcServer(
        settings.grpc, access=ACCESS, verifier=verifier, telemetry=telemetry, error_domain=ERROR_DOMAIN
    )
    server.add(notices_pb2_grpc.add_NoticeServiceServicer_to_server, NoticeServicer(sender, _now))
    prompts = PromptServicer(History(database), NotForMe(database, RateLimit(), clock=_now))
    server.add(prompts_pb2_grpc.add_PromptServiceServicer_to_server, prompts)

    telemetry.start()
    try:
        await server.serve(stop)
    finally:
        await mail.close()
        await gateway.close()
        await to_identity.close()
        await database.close()
        telemetry.stop()
