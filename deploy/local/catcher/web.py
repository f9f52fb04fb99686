"""The SMS gateway's face, what was caught as JSON for programs, and the page that shows it to people."""

import hmac
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from deploy.local.catcher.post import Mail, Post, Sms

_PAGE = Path(__file__).with_name("page.html")
_LONGEST_WAIT_SECONDS = 60.0
# SMS to numbers that end so are answered so, and not kept: for trying out what follows.
_REFUSALS = {"0000550": 400, "0000451": 503}
_PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
        "img-src data:; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
}


class Web:
    """The pages; `sms_token` is what the gateway's callers must show."""

    def __init__(self, post: Post, sms_token: str, clock: Callable[[], datetime]) -> None:
        self._post = post
        self._sms_token = sms_token
        self._clock = clock

    @property
    def application(self) -> Starlette:
        """All routes."""
        return Starlette(
            routes=[
                Route("/", self.page),
                Route("/livez", self.alive),
                Route("/sms", self.take_sms, methods=["POST"]),
                Route("/mails", self.mails),
                Route("/messages/sms", self.sms),
                Route("/caught", self.caught),
            ]
        )

    async def page(self, _: Request) -> Response:
        """What people see."""
        return FileResponse(_PAGE, headers=_PAGE_HEADERS)

    async def alive(self, _: Request) -> Response:
        """Whether it answers."""
        return JSONResponse({"newest": self._post.newest})

    async def take_sms(self, request: Request) -> Response:
        """The gateway: JSON with `to` and `text`, and the token as bearer."""
        shown = request.headers.get("authorization", "")
        if not hmac.compare_digest(shown.encode(), f"Bearer {self._sms_token}".encode()):
            raise HTTPException(401)
        body = await request.json()
        if not isinstance(body, dict) or set(body) != {"to", "text"}:
            raise HTTPException(422)
        to, text = str(body["to"]), str(body["text"])
        for end, status in _REFUSALS.items():
            if to.endswith(end):
                raise HTTPException(status)
        await self._post.catch_sms(self._clock(), to, text)
        return JSONResponse({"accepted": True}, status_code=202)

    async def mails(self, request: Request) -> Response:
        """`?to=…&after=…&wait=…`: waits up to `wait` seconds until there is one, then gives all that fit."""
        to, after = request.query_params.get("to"), _after(request)
        await self._post.until(lambda: bool(self._post.mails(to, after)), _wait(request))
        return self._answer(self._post.mails(to, after))

    async def sms(self, request: Request) -> Response:
        """The same for SMS."""
        to, after = request.query_params.get("to"), _after(request)
        await self._post.until(lambda: bool(self._post.sms(to, after)), _wait(request))
        return self._answer(self._post.sms(to, after))

    async def caught(self, request: Request) -> Response:
        """Mails and SMS together, for the page."""
        after = _after(request)
        await self._post.until(lambda: self._post.newest > after, _wait(request))
        return self._answer([*self._post.mails(None, after), *self._post.sms(None, after)])

    def _answer(self, caught: Sequence[Mail | Sms]) -> Response:
        shown = [
            asdict(each) | {"kind": type(each).__name__.lower(), "received_at": each.received_at.isoformat()}
            for each in caught
        ]
        return JSONResponse({"newest": self._post.newest, "caught": shown})


def _after(request: Request) -> int:
    return int(_number(request, "after"))


def _wait(request: Request) -> float:
    return min(_number(request, "wait"), _LONGEST_WAIT_SECONDS)


def _number(request: Request, name: str) -> float:
    try:
        return float(request.query_params.get(name, "0"))
    except ValueError as error:
        raise HTTPException(400, f"{name} must be a number") from error
