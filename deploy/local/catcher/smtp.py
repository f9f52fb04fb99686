"""The mail relay: SMTP that insists on STARTTLS and a login, and refuses whom a test wants refused."""

import asyncio
import hmac
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from deploy.local.catcher.post import Post
from deploy.local.catcher.reports import DsnSmtp, Reporter

# Mail to these local parts is answered so, and not kept: for trying out what follows.
_REFUSALS = {
    "refuse-": "550 5.1.1 No such mailbox",
    "defer-": "451 4.3.0 Try again later",
}


@dataclass(frozen=True, slots=True)
class Relay:
    """Who may hand mail over, and over which certificate; and the port that return paths lead to."""

    port: int
    reports_port: int
    username: str
    password: str
    tls: ssl.SSLContext


class _Handler:
    def __init__(self, post: Post, reporter: Reporter, clock: Callable[[], datetime]) -> None:
        self._post = post
        self._reporter = reporter
        self._clock = clock

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], "250-DSN", *responses[-1:]]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        for beginning, answer in _REFUSALS.items():
            if address.startswith(beginning):
                return answer
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        for address in envelope.rcpt_tos:
            await self._post.catch_mail(self._clock(), envelope.mail_from or "", str(address), content)
            if isinstance(server, DsnSmtp):
                self._reporter.caught(envelope.mail_from or "", str(address), server.wanted)
        return "250 2.0.0 Caught"


async def serve(relay: Relay, post: Post, clock: Callable[[], datetime]) -> asyncio.Server:
    """Listen on this machine only."""
    handler = _Handler(post, Reporter(relay.reports_port), clock)

    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        known = isinstance(data, LoginPassword) and hmac.compare_digest(
            data.login + b"\0" + data.password, f"{relay.username}\0{relay.password}".encode()
        )
        return AuthResult(success=known, handled=False)

    def connection() -> SMTP:
        return DsnSmtp(
            handler,
            hostname="localhost",
            tls_context=relay.tls,
            require_starttls=True,
            auth_required=True,
            authenticator=authenticate,
            enable_SMTPUTF8=True,
        )

    return await asyncio.get_running_loop().create_server(connection, "127.0.0.1", relay.port)
