"""What was caught: mails and SMS in the order of their arrival, and waiting for more."""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

# Enough for a day of trying out; the oldest go first.
_KEPT = 5_000


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail for one recipient of its envelope. `number` counts mails and SMS together, from 1."""

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
    """Keeps what was caught in memory; `number` of the newest never goes back while the process lives."""

    def __init__(self) -> None:
        self._caught: deque[Mail | Sms] = deque(maxlen=_KEPT)
        self._changed = asyncio.Condition()
        self.newest = 0

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
        return [
            each
            for each in self._caught
            if isinstance(each, Mail) and each.number > after and to in (None, each.to)
        ]

    def sms(self, to: str | None, after: int) -> list[Sms]:
        """The SMS to a number (or to all) that came after a number, oldest first."""
        return [
            each
            for each in self._caught
            if isinstance(each, Sms) and each.number > after and to in (None, each.to)
        ]

    async def more_than(self, number: int, seconds: float) -> None:
        """Return when there is something newer than `number`, or after so many seconds."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self.newest > number)
        except TimeoutError:
            return

    def _next(self) -> int:
        self.newest += 1
        return self.newest

    async def _keep(self, caught: Mail | Sms) -> None:
        self._caught.append(caught)
        async with self._changed:
            self._changed.notify_all()


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else ""
