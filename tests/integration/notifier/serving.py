"""Runs the notifier's whole api in a test, on real ports."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

from grpc import aio

from chassis.grpc_server import GrpcSettings
from chassis.settings import Secret
from deploy.local import ports
from services.notifier import api
from services.notifier.mail.settings import SmtpSettings
from services.notifier.settings import ApiSettings
from services.notifier.sms.gateway import SmsSettings


@contextlib.asynccontextmanager
async def serving(
    database_url: str, identity_target: str, *, smtp_port: int = 9, sms_port: int = 9
) -> AsyncIterator[aio.Channel]:
    """The api and a channel to it."""
    with ports.choose() as port:
        async with _serving(port, database_url, identity_target, smtp_port, sms_port) as channel:
            yield channel


@contextlib.asynccontextmanager
async def _serving(
    port: int, database_url: str, identity_target: str, smtp_port: int, sms_port: int
) -> AsyncIterator[aio.Channel]:
    settings = ApiSettings(
        grpc=GrpcSettings(port=port, drain=timedelta(0)),
        database_url=Secret(database_url),
        identity_target=identity_target,
        smtp=SmtpSettings("127.0.0.1", smtp_port, "none"),
        sms=SmsSettings(
            url=Secret(f"http://127.0.0.1:{sms_port}/send"),
            body='{"to": {{ to | tojson }}, "text": {{ text | tojson }}}',
        ),
        mail_from="hinweis@post.example",
        portal_url="https://post.example",
        metrics_port=0,
    )
    stop = asyncio.Event()
    running = asyncio.create_task(api.run(settings, stop))
    async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    stop.set()
    await running
