"""Takes delivery reports in by SMTP, and refuses everything else with a sentence."""

import asyncio
from collections.abc import Callable
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session
from prometheus_client import CollectorRegistry, Counter

from chassis import logs
from services.notifier.bounces.parsing import NoReport, read_report
from services.notifier.bounces.recording import Recorded, Recording
from services.notifier.mail.return_path import letter_of

NOBODY_READS: Final = (
    "550 5.7.1 Diese Adresse liest niemand, bitte rufen Sie Ihre Praxis an (Notfall: 112)."
    " Nobody reads mail here, please call your practice (emergency: 112)."
)
_NO_SUCH_LETTER: Final = "550 5.1.1 No letter of ours has this return path."
_ONE_ONLY: Final = "452 4.5.3 One recipient only."
_TOO_MANY: Final = b"421 4.3.2 Too many connections, try again later.\r\n"
_LATER: Final = "451 4.3.0 Not now, try again later."
_TAKEN: Final = "250 2.0.0 Taken."
# Servers report from the null sender, so that no report is answered by another one (RFC 3464, section 2).
_NULL_SENDERS: Final = frozenset({"", "<>"})
# Reports with headers only, as we ask for, have a few kilobytes; some servers send everything back.
_LARGEST: Final = 256 * 1024
_IDLE_SECONDS: Final = 60.0
_COMMANDS: Final = 100
_CONNECTIONS: Final = 100
_LOG = logs.get(__name__)


class Receiver:
    """The handler of all connections; `domain` is that of the return paths."""

    def __init__(self, recording: Recording, domain: str, registry: CollectorRegistry) -> None:
        self._recording = recording
        self._domain = domain
        self.open_connections = 0
        self._counted = Counter(
            "praxispost_bounces_total",
            "Mails at return paths, by what became of them: done, refused, later.",
            ["result"],
            registry=registry,
        )

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take the return path of one letter, from servers only."""
        letter_id = letter_of(address, self._domain)
        if letter_id is None or (envelope.mail_from or "") not in _NULL_SENDERS:
            return self._refused(NOBODY_READS)
        if envelope.rcpt_tos:
            return _ONE_ONLY
        try:
            known = await self._recording.knows(letter_id)
        except Exception as error:
            return self._later(error)
        if not known:
            return self._refused(_NO_SUCH_LETTER)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a report; nothing else of the mail is kept, and nothing of any other mail."""
        letter_id = letter_of(str(envelope.rcpt_tos[0]), self._domain)
        content = envelope.content
        if letter_id is None or not isinstance(content, bytes):
            return self._refused(NOBODY_READS)
        try:
            report = read_report(content)
            recorded = await self._recording.record(letter_id, report)
        except NoReport:
            return self._refused(NOBODY_READS)
        except Exception as error:
            return self._later(error)
        if recorded is Recorded.UNKNOWN:
            return self._refused(_NO_SUCH_LETTER)
        if recorded is Recorded.TOO_EARLY:
            self._counted.labels("later").inc()
            return _LATER
        self._counted.labels("done").inc()
        return _TAKEN

    async def handle_exception(self, error: Exception) -> str:
        """Whatever goes wrong is said without its text, which may quote the mail."""
        _LOG.error("mail not taken", error=error)
        return _LATER

    def _refused(self, answer: str) -> str:
        self._counted.labels("refused").inc()
        return answer

    def _later(self, error: Exception) -> str:
        _LOG.error("delivery report not recorded", error=error)
        self._counted.labels("later").inc()
        return _LATER


class _Connection(SMTP):
    """One connection, with bounds on what it may send; too many at a time are sent away."""

    def __init__(self, receiver: Receiver, greeting_name: str) -> None:
        super().__init__(
            receiver,
            data_size_limit=_LARGEST,
            hostname=greeting_name,
            ident="SMTP",
            timeout=_IDLE_SECONDS,
            command_call_limit=_COMMANDS,
        )
        self._receiver = receiver
        self._is_counted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._receiver.open_connections >= _CONNECTIONS and isinstance(transport, asyncio.Transport):
            transport.write(_TOO_MANY)
            transport.close()
            return
        self._receiver.open_connections += 1
        self._is_counted = True
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._is_counted:
            self._receiver.open_connections -= 1
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if self._is_counted:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        return super().eof_received() if self._is_counted else None


def connections(receiver: Receiver, greeting_name: str) -> Callable[[], asyncio.Protocol]:
    """What makes a protocol for each connection of a listening socket."""
    return lambda: _Connection(receiver, greeting_name)
