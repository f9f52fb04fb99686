"""The HTTP gateway: what it sends and what answers mean."""

import json

import httpx
import pytest

from chassis.settings import Secret, SettingsError
from services.notifier.handover import Handover, Verdict
from services.notifier.sms.gateway import HttpSmsGateway, SmsSettings

_NUMBER = "+4915112345678"
_TEXT = "Ihr \"Code\" & <mehr>: 'ä' 123456\n\n@post.example.org #123456"
_JSON = SmsSettings(
    url="https://sms.example/send",
    body='{"to": {{ to | tojson }}, "text": {{ text | tojson }}}',
    headers="Content-Type: application/json\nAuthorization: Bearer geheim",
)


class _Gateway(httpx.AsyncBaseTransport):
    """Answers with one status, or breaks, and keeps what was asked."""

    def __init__(self, answer: int | Exception) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return httpx.Response(self.answer, text=f"number {_NUMBER} is known")


async def _hand_over(settings: SmsSettings, answer: int | Exception) -> tuple[Handover, httpx.Request]:
    transport = _Gateway(answer)
    gateway = HttpSmsGateway(settings, transport=transport)
    handover = await gateway.hand_over(_NUMBER, _TEXT)
    await gateway.close()
    [request] = transport.requests
    return handover, request


async def test_a_json_body_carries_number_and_text_unharmed() -> None:
    handover, request = await _hand_over(_JSON, 202)
    assert handover == Handover(Verdict.ACCEPTED, 202)
    assert request.method == "POST"
    assert str(request.url) == "https://sms.example/send"
    assert json.loads(request.content) == {"to": _NUMBER, "text": _TEXT}
    assert request.headers["Authorization"] == "Bearer geheim"
    assert request.headers["Content-Type"] == "application/json"


async def test_a_gateway_can_want_everything_in_the_url() -> None:
    url = "https://sms.example/send?to={{ to | urlencode }}&text={{ text | urlencode }}"
    _, request = await _hand_over(SmsSettings(url=url, body="", method="get", headers=""), 200)
    assert request.method == "GET"
    assert dict(request.url.params) == {"to": _NUMBER, "text": _TEXT}


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.ACCEPTED),
        (400, Verdict.RECIPIENT_REFUSED),
        (422, Verdict.RECIPIENT_REFUSED),
        (401, Verdict.OWN_FAULT),
        (403, Verdict.OWN_FAULT),
        (404, Verdict.OWN_FAULT),
        (408, Verdict.CHANNEL_UNAVAILABLE),
        (425, Verdict.CHANNEL_UNAVAILABLE),
        (429, Verdict.CHANNEL_UNAVAILABLE),
        (302, Verdict.CHANNEL_UNAVAILABLE),
        (500, Verdict.CHANNEL_UNAVAILABLE),
        (503, Verdict.CHANNEL_UNAVAILABLE),
    ],
)
async def test_the_status_decides(status: int, verdict: Verdict) -> None:
    assert (await _hand_over(_JSON, status))[0] == Handover(verdict, status)


@pytest.mark.parametrize(
    "error", [httpx.ConnectError("no"), httpx.ReadTimeout("slow"), httpx.ReadError("cut")]
)
async def test_a_gateway_that_cannot_be_reached_is_unavailable(error: Exception) -> None:
    assert (await _hand_over(_JSON, error))[0] == Handover(Verdict.CHANNEL_UNAVAILABLE)


def test_mistakes_in_the_templates_stop_the_start_and_are_named_together() -> None:
    settings = SmsSettings(url="http://sms.example", body="{{ nummer }}", headers="Authorization Bearer {{")
    with pytest.raises(SettingsError) as refused:
        HttpSmsGateway(settings)
    assert refused.value.problems == (
        "PRAXISPOST_SMS_BODY must be a Jinja2 template of to and text",
        "PRAXISPOST_SMS_HEADERS must hold one 'Name: value' a line",
        "PRAXISPOST_SMS_URL must begin with https:// (http:// on this machine only)",
    )


def test_a_gateway_on_this_machine_may_be_plain() -> None:
    HttpSmsGateway(SmsSettings(url=Secret("http://127.0.0.1:8025/sms"), body="{{ to }} {{ text }}"))
