"""The whole portal as one ASGI application: every page's routes, and what stands around them."""

from collections.abc import Awaitable, Callable
from typing import Final
from zoneinfo import ZoneInfo

from grpc.aio import AioRpcError
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from chassis.refusal import Refusal
from services.portal.assets import Assets
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


def application(settings: WebSettings, tools: Tools, registry: CollectorRegistry) -> ASGIApp:
    """All of it."""
    assets = Assets()
    zone = ZoneInfo(settings.time_zone)
    words = {language: Words(language, zone) for language in LANGUAGES}
    links = {"imprint": settings.imprint_url, "privacy": settings.privacy_url}
    routing = Routing(
        Pages(assets, words, links), tools.people, FormTokens(settings.cookie_key), words, tools.clock
    )
    problems = Problems(routing.problem)
    pages = Starlette(
        routes=[
            Route(_STATIC, _counted(assets.serve)),
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
    # Outside of Starlette, whose answer to an unexpected error passes by its own middleware.
    return RequestsSeen(SecurityHeaders(pages), registry)


def _counted(serve: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        request.scope[ROUTE] = _STATIC
        return await serve(request)

    return endpoint
