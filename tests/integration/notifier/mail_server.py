"""A mail relay for tests: real SMTP by aiosmtpd, with replies that a test can choose and mail it can read."""

import asyncio
import contextlib
import ssl
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from deploy.local.catcher.reports import DsnSmtp

USERNAME = "praxispost"
PASSWORD = "ein langes Geheimnis"


@dataclass(frozen=True)
class Mail:
    """One letter that the relay took."""

    return_path: str
    recipients: tuple[str, ...]
    content: bytes
    encrypted: bool
    wanted: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> EmailMessage:
        message = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message


@dataclass
class MailServer:
    """What the relay did, and what it shall answer: replies are taken from the front, then it says 250."""

    port: int = 0
    offers_dsn: bool = False
    connections: int = 0
    logins: list[str] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    at_mail: deque[str] = field(default_factory=deque)
    at_rcpt: deque[str] = field(default_factory=deque)
    at_data: deque[str] = field(default_factory=deque)
    transports: list[asyncio.BaseTransport] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], *(["250-DSN"] if self.offers_dsn else []), *responses[-1:]]

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        """Let in who knows the name and the password."""
        self.logins.append(data.login.decode())
        known = (data.login, data.password) == (USERNAME.encode(), PASSWORD.encode())
        return AuthResult(success=known, handled=False)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.at_mail:
            return self.at_mail.popleft()
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.at_rcpt:
            return self.at_rcpt.popleft()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.at_data:
            return self.at_data.popleft()
        assert isinstance(envelope.content, bytes)
        assert isinstance(envelope.mail_from, str)
        mail = Mail(
            envelope.mail_from,
            tuple(map(str, envelope.rcpt_tos)),
            envelope.content,
            session.ssl is not None,
            server.wanted if isinstance(server, DsnSmtp) else {},
        )
        self.mails.append(mail)
        self.arrived.set()
        return "250 OK"

    async def received(self, count: int) -> list[Mail]:
        """Wait until so many letters are there."""
        async with asyncio.timeout(15):
            while len(self.mails) < count:
                self.arrived.clear()
                await self.arrived.wait()
        return self.mails

    def drop_connections(self) -> None:
        """Close every connection without a word."""
        for transport in self.transports:
            transport.close()


class _Connection(DsnSmtp):
    def __init__(self, relay: MailServer, tls: ssl.SSLContext | None) -> None:
        self._relay = relay
        super().__init__(
            relay,
            hostname="localhost",
            tls_context=tls,
            require_starttls=tls is not None,
            auth_required=tls is not None,
            authenticator=relay.authenticate,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.transport is None:  # not the second time, after STARTTLS
            self._relay.connections += 1
        self._relay.transports.append(transport)
        super().connection_made(transport)


@contextlib.asynccontextmanager
async def mail_server(*, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[MailServer]:
    """A relay on a free port of this machine; with `tls` it takes mail only after STARTTLS and a login."""
    relay = MailServer()

    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(relay, tls), "127.0.0.1", port)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        relay.drop_connections()
        await server.wait_closed()
