"""No page is reached without its check, and nothing is changed by a form that is not ours."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from grpc import aio
from httpx import ASGITransport, AsyncClient, Response
from starlette.routing import Route

from chassis.settings import Secret
from chassis.telemetry import Telemetry
from services.portal import cookies
from services.portal.application import application, pages
from services.portal.form_tokens import FormTokens
from services.portal.people import People
from services.portal.services import Services
from services.portal.settings import WebSettings
from services.portal.tools import Tools
from services.portal.typing_keys import TypingKeys

_KEY = Secret("0123456789abcdef0123456789abcdef")
_VISIT = "a-visit"
# Everybody may see these pages; every other page wants a session, and a page that is missing here fails.
_FOR_EVERYBODY = {
    "/static/{digest}/{name:path}",
    "/",
    "/m",
    "/practice",
    "/invitation",
    "/practice/login",
    "/practice/login/again",
    "/register",
    "/register/email",
    "/register/mobile",
    "/register/birth-date",
    "/register/resend",
    "/register/again",
    "/register/{step}",
    "/login",
    "/login/code",
    "/language",
    "/reset",
    "/reset/email",
    "/reset/mobile",
    "/help",
    "/new-number",
    "/not-for-me",
    "/not-for-me/done",
}
_LOGINS = ("/practice/login", "/login")


def _settings() -> WebSettings:
    return WebSettings("-", "-", "-", "-", "-", Secret("-"), _KEY, http_port=0, metrics_port=0)


@pytest.fixture(scope="module")
async def tools() -> Tools:
    nowhere = aio.insecure_channel("127.0.0.1:9")
    services = Services(nowhere, nowhere, nowhere, nowhere)
    people = People(services, lambda: datetime.now(UTC))
    return Tools(
        services, people, lambda: datetime.now(UTC), lambda: 0.0, uuid4, asyncio.Event(), 0, TypingKeys(_KEY)
    )


@pytest.fixture(scope="module")
async def client(tools: Tools) -> AsyncIterator[AsyncClient]:
    app = application(_settings(), tools, Telemetry("portal", "web", 0))
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="https://portal.example") as made:
        yield made


def _all(tools: Tools) -> list[tuple[str, str]]:
    return [
        (method, route.path)
        for route in pages(_settings(), tools).routes
        if isinstance(route, Route)
        for method in route.methods or ()
        if method != "HEAD"
    ]


def _somewhere(path: str) -> str:
    return path.replace(":path", "").format_map(dict.fromkeys(_names(path), str(uuid4())))


def _names(path: str) -> list[str]:
    return [part.split("}")[0].split(":")[0] for part in path.split("{")[1:]]


async def test_pages_for_everybody_are_named_and_no_others(client: AsyncClient, tools: Tools) -> None:
    reached = set()
    for method, path in _all(tools):
        response = await _called(client, method, _somewhere(path), "navigate")
        to_the_login = urlsplit(response.headers.get("location", "")).path in _LOGINS
        turned_away = response.status_code == 401 or (response.status_code == 303 and to_the_login)
        if not turned_away:
            reached.add(path)
    assert reached <= _FOR_EVERYBODY


async def test_scripts_are_told_that_there_is_no_session(client: AsyncClient, tools: Tools) -> None:
    for method, path in _all(tools):
        if path not in _FOR_EVERYBODY:
            response = await _called(client, method, _somewhere(path), "cors")
            assert response.status_code == 401, path


async def test_a_page_is_come_back_to_after_the_login(client: AsyncClient) -> None:
    response = await client.get("/practice/inbox?filter=open", headers={"Sec-Fetch-Mode": "navigate"})
    assert parse_qs(urlsplit(response.headers["location"]).query) == {"next": ["/practice/inbox?filter=open"]}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Form-Token": "x"},
        {"X-Form-Token": FormTokens(_KEY).make("another visit")},
        {"X-Form-Token": FormTokens("another key").make(_VISIT)},
        {"X-Form-Token": FormTokens(_KEY).make(_VISIT), "Sec-Fetch-Site": "cross-site"},
        {"X-Form-Token": FormTokens(_KEY).make(_VISIT), "Sec-Fetch-Site": "same-site"},
    ],
)
async def test_forms_of_others_change_nothing(
    client: AsyncClient, tools: Tools, headers: dict[str, str]
) -> None:
    for method, path in _all(tools):
        if method != "GET":
            sent = {"Cookie": f"{cookies.VISIT}={_VISIT}", **headers}
            response = await client.request(method, _somewhere(path), headers=sent)
            assert response.status_code == 403, path


async def test_every_answer_has_the_headers(client: AsyncClient) -> None:
    for path in ("/", "/practice/login", "/practice/inbox", "/there/is/no/such/page"):
        headers = (await client.get(path)).headers
        assert "unsafe" not in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["strict-transport-security"].startswith("max-age=63072000")


async def test_every_cookie_is_of_this_host_alone(client: AsyncClient) -> None:
    client.cookies.clear()
    set_cookie = (await client.get("/practice/login")).headers["set-cookie"]
    assert set_cookie.startswith("__Host-")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(set_cookie.split("; "))
    assert "Domain" not in set_cookie


async def test_what_was_typed_comes_back_with_the_login_but_no_password(client: AsyncClient) -> None:
    form = {
        "form_token": FormTokens(_KEY).make(_VISIT),
        "reason": "Falsche Person",
        "password": "das alte Passwort",
        "new_password": "ein neues Passwort",
        "new_password_again": "ein neues Passwort",
    }
    headers = {"Cookie": f"{cookies.VISIT}={_VISIT}", "Sec-Fetch-Mode": "navigate"}
    response = await client.post("/practice/profile/password", data=form, headers=headers)
    assert response.status_code == 401
    assert "Falsche Person" in response.text
    assert "das alte Passwort" not in response.text
    assert "ein neues Passwort" not in response.text


@pytest.mark.parametrize(
    ("path", "home"), [("/practice/there-is-no-such-page", "/practice"), ("/there-is-no-such-page", "/")]
)
async def test_who_meets_a_problem_is_led_back_to_the_own_side(
    client: AsyncClient, path: str, home: str
) -> None:
    text = (await client.get(path)).text
    assert f'<a class="top-name" href="{home}">' in text
    assert f'<p><a href="{home}">' in text


async def test_what_goes_wrong_in_a_frame_is_said_there(client: AsyncClient) -> None:
    path = f"/practice/messages/{uuid4()}/attachments/{uuid4()}/preview"
    headers = {"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate"}
    for cookie in ("", f"{cookies.VISIT}={_VISIT}; {cookies.STAFF}=secret"):
        sent = headers | {"Cookie": cookie, "X-Form-Token": FormTokens(_KEY).make(_VISIT)}
        response = await client.post(path, headers=sent)
        assert response.status_code in (403, 503)
        assert "Das geht gerade nicht." in response.text
        assert "frame-ancestors 'self'" in response.headers["content-security-policy"]


async def _called(client: AsyncClient, method: str, path: str, mode: str) -> Response:
    headers = {
        "Cookie": f"{cookies.VISIT}={_VISIT}",
        "X-Form-Token": FormTokens(_KEY).make(_VISIT),
        "Sec-Fetch-Mode": mode,
    }
    return await client.request(method, path, headers=headers)
