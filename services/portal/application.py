"""The whole portal as one ASGI application: every page's routes, and what stands around them."""

from collections.abc import Awaitable, Callable
from typing import Final
from zoneinfo import ZoneInfo

from grpc.aio import AioRpcError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from chassis.refusal import Refusal
from chassis.telemetry import Telemetry
from services.portal.assets import Assets
from services.portal.documents import document_routes
from services.portal.form_tokens import FormTokens
from services.portal.headers import SecurityHeaders
from services.portal.mailbox import mailbox_routes
from services.portal.pages import Pages
from services.portal.practice import practice_routes
from services.portal.problems import Problems
from services.portal.requests_seen import ROUTE, RequestsSeen
from services.portal.routing import Routing
from services.portal.settings import WebSettings
from services.portal.tools import Tools
from services.portal.words import LANGUAGES, Words

_STATIC: Final = "/static/{digest}/{name:path}"


def application(settings: WebSettings, tools: Tools, telemetry: Telemetry) -> ASGIApp:
    """All of it. The outer two are no middleware of Starlette's, which answers unexpected errors without
    asking its own."""
    seen = SecurityHeaders(pages(settings, tools))
    return RequestsSeen(seen, telemetry.registry, telemetry.spans)


def pages(settings: WebSettings, tools: Tools) -> Starlette:
    """All pages, and the answers to what goes wrong."""
    assets = Assets()
    zone = ZoneInfo(settings.time_zone)
    words = {language: Words(language, zone) for language in LANGUAGES}
    links = {"imprint": settings.imprint_url, "privacy": settings.privacy_url}
    routing = Routing(
        Pages(assets, words, links, tools.max_attachment_bytes),
        tools.people,
        FormTokens(settings.cookie_key),
        words,
        tools.clock,
    )
    problems = Problems(routing.problem)
    return Starlette(
        routes=[
            Route(_STATIC, _counted(assets.serve)),
            *document_routes(routing, tools),
            *practice_routes(routing, tools),
            *mailbox_routes(routing, tools),
        ],
        exception_handlers={
            Refusal: problems.refused,
            AioRpcError: problems.unavailable,
            HTTPException: problems.http,
            Exception: problems.unexpected,
        },
    )


def _counted(serve: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        request.scope[ROUTE] = _STATIC
        return await serve(request)

    return endpoint
