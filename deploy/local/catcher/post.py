"""What was caught: mails and SMS in the order of their arrival, and waiting for more."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

# Enough for a day of trying out; the oldest go first.
_KEPT = 5_000


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail for one recipient of its envelope. `number` counts mails and SMS together."""

    number: int
    received_at: datetime
    sender: str
    to: str
    message_id: str
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sms:
    """One SMS."""

    number: int
    received_at: datetime
    to: str
    text: str


class Post:
    """Keeps what was caught in memory. Numbers begin with the time of the start, in milliseconds.

    So they grow over restarts too, and who asks for what is newer than something need not know of one.
    """

    def __init__(self, started_at: datetime) -> None:
        self._caught: deque[Mail | Sms] = deque(maxlen=_KEPT)
        self._changed = asyncio.Condition()
        self.newest = int(started_at.timestamp() * 1000)

    async def catch_mail(self, now: datetime, sender: str, to: str, content: bytes) -> None:
        """Keep a mail as it stood on the wire."""
        message = message_from_bytes(content, policy=policy.default)
        await self._keep(
            Mail(
                number=self._next(),
                received_at=now,
                sender=sender,
                to=to,
                message_id=str(message.get("message-id", "")),
                subject=str(message.get("subject", "")),
                text=_body(message, "plain"),
                html=_body(message, "html"),
                headers=tuple((name, str(value)) for name, value in message.items()),
            )
        )

    async def catch_sms(self, now: datetime, to: str, text: str) -> None:
        """Keep an SMS."""
        await self._keep(Sms(number=self._next(), received_at=now, to=to, text=text))

    def mails(self, to: str | None, after: int) -> list[Mail]:
        """The mails for an address (or for all) that came after a number, oldest first."""
        return [each for each in self._newer(to, after) if isinstance(each, Mail)]

    def sms(self, to: str | None, after: int) -> list[Sms]:
        """The SMS to a number (or to all) that came after a number, oldest first."""
        return [each for each in self._newer(to, after) if isinstance(each, Sms)]

    async def until(self, something: Callable[[], bool], seconds: float) -> None:
        """Return when `something` holds, which each arrival may have made true, or after so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(something)

    def _newer(self, to: str | None, after: int) -> Iterator[Mail | Sms]:
        return (each for each in self._caught if each.number > after and to in (None, each.to))

    def _next(self) -> int:
        self.newest += 1
        return self.newest

    async def _keep(self, caught: Mail | Sms) -> None:
        self._caught.append(caught)
        async with self._changed:
            self._changed.notify_all()


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""
