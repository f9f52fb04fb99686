"""Hands SMS over to any gateway that takes one HTTP request per SMS, described by templates."""

import asyncio
import json
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

import httpx
from jinja2 import Environment, StrictUndefined, Template, TemplateError

from chassis.settings import SettingsError
from services.notifier.handover import Handover, Verdict
from services.notifier.loopback import is_loopback

_TIMEOUT: Final = httpx.Timeout(10.0, connect=5.0)
_PATIENCE: Final = 20.0
# Answers in the 400s that speak of the moment, not of the number.
_TRY_LATER: Final = frozenset({408, 425, 429})
# Answers that speak of our account or our templates: every number would get them.
_OWN_FAULT: Final = frozenset({401, 402, 403, 404, 405, 407, 411, 415})


class SmsGateway(Protocol):
    """Where SMS go; other adapters than HTTP can follow."""

    async def hand_over(self, to: str, text: str) -> Handover:
        """Hand one SMS over; `to` is a number in E.164. Failures are verdicts, never exceptions."""

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True)
class SmsSettings:
    """The gateway's request; url, headers and body are Jinja2 templates of `to` and `text`.

    `headers` holds one "Name: value" a line. `{{ text | tojson }}` writes a JSON string with its quotes,
    `{{ text | urlencode }}` a part of a form or URL.
    """

    url: str
    body: str
    method: str = "POST"
    headers: str = "Content-Type: application/json"


class HttpSmsGateway:
    """The gateway over HTTP: 2xx accepts, most of 4xx refuse the number, everything else is tried again."""

    def __init__(self, settings: SmsSettings, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._method = settings.method.upper()
        self._url, self._body, self._headers = _compile(settings)
        # A proxy of the environment's is for the way out; a gateway on this machine is not behind it.
        outside = not is_loopback(urlsplit(settings.url).hostname or "")
        self._client = httpx.AsyncClient(timeout=_TIMEOUT, transport=transport, trust_env=outside)

    async def hand_over(self, to: str, text: str) -> Handover:
        """Hand one SMS over."""
        values = {"to": to, "text": text}
        headers = {name: value.render(values) for name, value in self._headers.items()}
        url, body = self._url.render(values), self._body.render(values).encode()
        try:
            async with asyncio.timeout(_PATIENCE):
                response = await self._client.request(self._method, url, content=body, headers=headers)
        except (httpx.TransportError, TimeoutError):
            return Handover(Verdict.CHANNEL_UNAVAILABLE)
        return _judge(response.status_code)

    async def close(self) -> None:
        """Close the connections to the gateway."""
        await self._client.aclose()


def _judge(status: int) -> Handover:
    if 200 <= status <= 299:
        return Handover(Verdict.ACCEPTED, status)
    if status in _OWN_FAULT:
        return Handover(Verdict.OWN_FAULT, status)
    if 400 <= status <= 499 and status not in _TRY_LATER:
        return Handover(Verdict.RECIPIENT_REFUSED, status)
    return Handover(Verdict.CHANNEL_UNAVAILABLE, status)


def _compile(settings: SmsSettings) -> tuple[Template, Template, dict[str, Template]]:
    """Compile and try all templates, so that a mistake stops the start instead of the first SMS."""
    environment = Environment(undefined=StrictUndefined)
    # Jinja2's own tojson is made for HTML and writes & and ' as escapes; gateways want plain JSON.
    environment.filters["tojson"] = json.dumps
    problems: list[str] = []

    def compiled(name: str, source: str) -> Template:
        try:
            template = environment.from_string(source)
            template.render({"to": "+4915112345678", "text": "Code 123456"})
        except TemplateError:
            problems.append(f"PRAXISPOST_SMS_{name} must be a Jinja2 template of to and text")
            return environment.from_string("")
        return template

    url, body = compiled("URL", settings.url), compiled("BODY", settings.body)
    headers = {name: compiled("HEADERS", value) for name, value in _header_lines(settings.headers, problems)}
    parts = urlsplit(settings.url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        problems.append("PRAXISPOST_SMS_URL must begin with https:// (http:// on this machine only)")
    if problems:
        raise SettingsError(tuple(dict.fromkeys(problems)))
    return url, body, headers


def _header_lines(headers: str, problems: list[str]) -> list[tuple[str, str]]:
    """Split before rendering, so that no text can add a header."""
    lines = [line.partition(":") for line in headers.splitlines() if line.strip()]
    if any(not name.strip() or not separator for name, separator, _ in lines):
        problems.append("PRAXISPOST_SMS_HEADERS must hold one 'Name: value' a line")
        return []
    return [(name.strip(), value.strip()) for name, _, value in lines]
