"""The web process: wires the portal together and serves it."""

import asyncio
import time
from datetime import UTC, datetime
from uuid import uuid4

from chassis.allocator import keep_pieces
from chassis.telemetry import Telemetry
from services.portal.application import application
from services.portal.people import People
from services.portal.server import serve
from services.portal.services import services
from services.portal.settings import WebSettings
from services.portal.tools import Tools
from services.portal.typing_keys import TypingKeys


def _now() -> datetime:
    return datetime.now(UTC)


async def run(settings: WebSettings, stop: asyncio.Event) -> None:
    """Serve until stopped."""
    keep_pieces()
    telemetry = Telemetry("portal", "web", settings.metrics_port, settings.metrics_host)
    async with services(settings, telemetry) as others:
        tools = Tools(
            services=others,
            people=People(others, _now),
            clock=_now,
            monotonic=time.monotonic,
            new_id=uuid4,
            stop=stop,
            trusted_proxies=settings.trusted_proxies,
            max_attachment_bytes=settings.max_attachment_bytes,
            typing_keys=TypingKeys(settings.cookie_key),
        )
        app = application(settings, tools, telemetry)
        telemetry.start()
        try:
            await serve(app, settings.http_host, settings.http_port, telemetry, stop)
        finally:
            telemetry.stop()
