"""Answers for what goes wrong: a page that says what happened, that nothing is lost, and what to do."""

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from chassis import logs
from chassis.grpc_client import AioRpcError
from chassis.refusal import Refusal, Status

_LOG = logs.get(__name__)
_STATUS: Final = {
    Status.INVALID_ARGUMENT: 400,
    Status.NOT_FOUND: 404,
    Status.ALREADY_EXISTS: 409,
    Status.FAILED_PRECONDITION: 409,
    Status.PERMISSION_DENIED: 404,
    Status.UNAUTHENTICATED: 401,
    Status.RESOURCE_EXHAUSTED: 429,
    Status.UNAVAILABLE: 503,
    Status.ABORTED: 409,
    Status.OUT_OF_RANGE: 400,
    Status.DEADLINE_EXCEEDED: 503,
}
Show = Callable[[Request, int, str], Awaitable[Response]]


class Problems:
    """The exception handlers. `show` renders the page of a status with the reason's or the error's id."""

    def __init__(self, show: Show) -> None:
        self._show = show

    async def refused(self, request: Request, error: Exception) -> Response:
        """What a service refused and no page had words for."""
        assert isinstance(error, Refusal)
        _LOG.warning("refusal without words of its own", reason=error.reason)
        return await self._show(request, _STATUS[error.status], "")

    async def unavailable(self, request: Request, error: Exception) -> Response:
        """A service that cannot answer at the moment."""
        assert isinstance(error, AioRpcError)
        _LOG.warning("service cannot answer", code=error.code())
        return await self._show(request, 503, "")

    async def http(self, request: Request, error: Exception) -> Response:
        """No such page, no such method, a form that is none."""
        assert isinstance(error, HTTPException)
        return await self._show(request, error.status_code, "")

    async def unexpected(self, request: Request, error: Exception) -> Response:
        """A fault of ours; the page shows the id by which the log knows it."""
        error_id = uuid4().hex
        _LOG.error("request failed", error=error, error_id=error_id)
        return await self._show(request, 500, error_id)
