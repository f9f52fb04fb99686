"""Hands letters over to the mail relay by SMTP, over a few connections that are kept and used again."""

import asyncio
import ssl
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import aiosmtplib

from services.notifier.handover import Handover, Verdict
from services.notifier.mail.composing import Envelope
from services.notifier.mail.dsn_options import mail_options, recipient_options
from services.notifier.mail.settings import SmtpSettings, tls_context
from services.notifier.mail.verdicts import Step, judge

_COMMAND_TIMEOUT: Final = 10.0
# A relay that is slow to answer the final dot has often taken the letter: giving up early sends it twice
# (RFC 1047).
_CONTENT_TIMEOUT: Final = 30.0
# Relays and firewalls drop idle connections after minutes, the latter without a word.
_IDLE_LIMIT: Final = 60.0
_ASK_AFTER: Final = 5.0


@dataclass(frozen=True, slots=True)
class _Kept:
    """A connection since the end of its last letter; clean: the relay took that one."""

    connection: aiosmtplib.SMTP
    since: float
    clean: bool

    async def is_ready(self) -> bool:
        """Whether it can be used again; one that has just served is believed to be."""
        idle = time.monotonic() - self.since
        if not self.connection.is_connected or idle >= _IDLE_LIMIT:
            return False
        if self.clean and idle < _ASK_AFTER:
            return True
        try:
            await self.connection.rset()
        except (aiosmtplib.SMTPException, OSError):
            return False
        return True


class _Gone(Exception):
    """A kept connection turned out to be closed before anything of the letter was taken."""


class MailRelay:
    """The relay, reached over at most `connections` connections at a time; further letters wait for one.

    A letter that takes longer than `patience`, connecting included, is given up for now, and so is one that
    has waited for a connection for half of that.
    """

    def __init__(
        self, settings: SmtpSettings, *, greeting_name: str, connections: int, patience: timedelta
    ) -> None:
        self._settings = settings
        self._greeting_name = greeting_name
        self._tls = None if settings.security == "none" else tls_context(settings)
        self._patience = patience.total_seconds()
        self._slots = asyncio.Semaphore(connections)
        self._kept: list[_Kept] = []

    async def hand_over(self, envelope: Envelope) -> Handover:
        """Hand one letter over; every failure of relay and network is a verdict, never an exception."""
        try:
            async with asyncio.timeout(self._patience):
                async with asyncio.timeout(self._patience / 2):  # who begins later might be broken off
                    await self._slots.acquire()
                try:
                    return await self._hand_over(envelope)
                finally:
                    self._slots.release()
        except TimeoutError:
            return Handover(Verdict.CHANNEL_UNAVAILABLE)

    async def close(self) -> None:
        """Take leave of the relay."""
        kept, self._kept = self._kept, []
        await asyncio.gather(*(_quit(each.connection) for each in kept))

    async def _hand_over(self, envelope: Envelope) -> Handover:
        kept = await self._take_kept()
        if kept is not None:
            try:
                return await self._transact(kept, envelope, reused=True)
            except _Gone:
                pass  # such as 421 after so many letters per connection: a new one takes this letter
        connection = self._new_connection()
        try:
            await connection.connect()
            if connection.is_ehlo_or_helo_needed:
                await connection.ehlo()
        except (aiosmtplib.SMTPException, OSError) as error:
            connection.close()
            return _judge_connecting(error)
        return await self._transact(connection, envelope, reused=False)

    def _new_connection(self) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._settings.host,
            port=self._settings.port,
            username=self._settings.username,
            password=self._settings.password,
            local_hostname=self._greeting_name,
            timeout=_COMMAND_TIMEOUT,
            use_tls=self._settings.security == "tls",
            start_tls=self._settings.security == "starttls",
            tls_context=self._tls,
        )

    async def _take_kept(self) -> aiosmtplib.SMTP | None:
        while self._kept:
            kept = self._kept.pop()  # the latest: it is the likeliest to live
            if await kept.is_ready():
                return kept.connection
            kept.connection.close()
        return None

    async def _transact(self, connection: aiosmtplib.SMTP, envelope: Envelope, *, reused: bool) -> Handover:
        keep = False
        try:
            handover = await _send(connection, envelope, reused=reused)
            # A relay that is going away, or whose answer is still to come, can't be used again.
            keep = connection.is_connected and handover.verdict is not Verdict.CHANNEL_UNAVAILABLE
            return handover
        finally:
            if keep:
                clean = handover.verdict is Verdict.ACCEPTED
                self._kept.append(_Kept(connection, time.monotonic(), clean))
            else:
                connection.close()


async def _quit(connection: aiosmtplib.SMTP) -> None:
    try:
        await connection.quit(timeout=1.0)
    except (aiosmtplib.SMTPException, OSError):
        connection.close()


async def _send(connection: aiosmtplib.SMTP, envelope: Envelope, *, reused: bool) -> Handover:
    step = Step.SENDER
    try:
        offered = connection.supports_extension("dsn")
        await connection.mail(envelope.return_path, options=mail_options(envelope) if offered else ())
        step = Step.RECIPIENT
        await connection.rcpt(envelope.recipient, options=recipient_options(envelope) if offered else ())
        step = Step.CONTENT
        await connection.data(envelope.content, timeout=_CONTENT_TIMEOUT)
    except aiosmtplib.SMTPResponseException as error:
        handover = judge(step, error.code, error.message)
        if reused and step is Step.SENDER and handover.verdict is Verdict.CHANNEL_UNAVAILABLE:
            raise _Gone from None
        return handover
    except (aiosmtplib.SMTPException, OSError) as error:
        if reused and step is Step.SENDER and not isinstance(error, TimeoutError):
            raise _Gone from None
        return Handover(Verdict.CHANNEL_UNAVAILABLE)
    return Handover(Verdict.ACCEPTED, 250)


def _judge_connecting(error: Exception) -> Handover:
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return judge(Step.GREETING, error.code, error.message)
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in (error, error.__cause__)):
        return Handover(Verdict.OWN_FAULT)
    if isinstance(error, OSError):  # aiosmtplib's connection errors and timeouts are OSErrors too
        return Handover(Verdict.CHANNEL_UNAVAILABLE)
    return Handover(Verdict.OWN_FAULT)  # the relay offers no STARTTLS or no login that we know: settings
