"""What the handlers of all pages work with."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.portal.people import People
from services.portal.services import Services
from services.portal.typing_keys import TypingKeys


@dataclass(frozen=True, slots=True)
class Tools:
    """`stop` is set when the process is told to end, which streams must notice; `monotonic` counts
    seconds; `max_attachment_bytes`: what attachments takes, known before the bytes come."""

    services: Services
    people: People
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    new_id: Callable[[], UUID]
    stop: asyncio.Event
    trusted_proxies: int
    typing_keys: TypingKeys
    max_attachment_bytes: int = 50 * 1024 * 1024
