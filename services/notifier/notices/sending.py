"""Sends one notice at once, by the relay or the gateway, and keeps nothing of it."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram

from chassis import logs
from services.notifier import refusals
from services.notifier.handover import Handover, Verdict
from services.notifier.mail.composing import Content, Envelope, Sender, UnusableAddress, compose
from services.notifier.notices.domain import (
    AccessGranted,
    ContactChanged,
    ContactCode,
    Invitation,
    Letter,
    LoginCode,
    Notice,
    PasswordChanged,
    RegistrationCode,
    ResetCode,
    ShortMessage,
)
from services.notifier.sms.gateway import SmsGateway
from services.notifier.texts import CodeKind, Texts

_SENDER_NAME: Final = "Praxispost"
_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_KINDS: Final[Mapping[type[object], CodeKind]] = {
    RegistrationCode: "registration_code",
    LoginCode: "login_code",
    ResetCode: "reset_code",
    ContactCode: "contact_code",
}
_LOG = logs.get(__name__)


class Relay(Protocol):
    """The mail relay, as notices need it."""

    async def hand_over(self, envelope: Envelope) -> Handover:
        """Hand one letter over; failures are verdicts, never exceptions."""


class NoticeSender:
    """Codes and invitations on their way to the relay or the gateway."""

    def __init__(
        self,
        relay: Relay,
        gateway: SmsGateway,
        texts: Texts,
        registry: CollectorRegistry,
        *,
        address: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._relay = relay
        self._gateway = gateway
        self._texts = texts
        self._address = address
        self._clock = clock
        self._handed_over = Counter(
            "praxispost_notices_total",
            "Codes and invitations handed to a channel, by result.",
            ["channel", "result"],
            registry=registry,
        )
        self._seconds = Histogram(
            "praxispost_notice_seconds",
            "How long the channel took for a notice.",
            ["channel"],
            buckets=_SECONDS,
            registry=registry,
        )

    async def send(self, notice: Notice) -> datetime:
        """Send it and say when it was accepted. Refuses RECIPIENT_REFUSED and CHANNEL_UNAVAILABLE."""
        started = time.monotonic()
        channel = "email" if isinstance(notice, Letter) else "sms"
        handover = await self._hand_over(notice)
        self._seconds.labels(channel).observe(time.monotonic() - started)
        self._handed_over.labels(channel, handover.verdict.value).inc()
        if handover.verdict is Verdict.ACCEPTED:
            return self._clock()
        # Our own fault (a password, a template) stops every notice, so it is louder than one that is refused.
        write = _LOG.error if handover.verdict is Verdict.OWN_FAULT else _LOG.warning
        write(
            "notice not accepted",
            notice_id=notice.id,
            channel=channel,
            result=handover.verdict,
            code=handover.code,
        )
        if handover.verdict is Verdict.RECIPIENT_REFUSED:
            raise refusals.recipient_refused()
        raise refusals.channel_unavailable()

    async def _hand_over(self, notice: Notice) -> Handover:
        if isinstance(notice, ShortMessage):
            return await self._gateway.hand_over(notice.to.number, self._text(notice))
        sender = Sender(_SENDER_NAME, self._address)
        try:
            envelope = compose(notice.id, sender, notice.to.address, self._content(notice), self._clock())
        except UnusableAddress:
            return Handover(Verdict.RECIPIENT_REFUSED)
        return await self._relay.hand_over(envelope)

    def _content(self, letter: Letter) -> Content:
        given, language = letter.content, letter.language
        if isinstance(given, ContactChanged):
            return self._texts.contact_changed(language)
        if isinstance(given, PasswordChanged):
            return self._texts.password_changed(language)
        if isinstance(given, AccessGranted):
            return self._texts.access_granted(language)
        lasts = given.expires_at - self._clock()
        if isinstance(given, Invitation):
            return self._texts.invitation(language, code=given.code, lasts=lasts, practice=given.practice)
        return self._texts.code(_KINDS[type(given)], language, code=given.code, lasts=lasts)

    def _text(self, sms: ShortMessage) -> str:
        given, language = sms.content, sms.language
        if isinstance(given, ContactChanged):
            return self._texts.contact_changed_sms(language)
        return self._texts.code_sms(
            _KINDS[type(given)], language, code=given.code, lasts=given.expires_at - self._clock()
        )
