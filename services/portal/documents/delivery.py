"""A document on its way from attachments to a browser: in parts, as fast as the browser takes them."""

from collections.abc import AsyncIterator, Mapping
from typing import Final, Protocol

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from chassis import logs
from chassis.grpc_client import AioRpcError

_LOG = logs.get(__name__)
_POLICY: Final = "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors {}"


def document_headers(*, framed: bool) -> dict[str, str]:
    """What an answer says in which a document lies: it runs nothing, asks nobody and belongs to no origin,
    even where a browser shows it; `framed`: in a frame of our own pages.

    What is sandboxed so must not ask for a group of windows of its own (HTML, "COOP and sandboxing").
    """
    return {
        "Content-Security-Policy": _POLICY.format("'self'" if framed else "'none'"),
        "Cross-Origin-Opener-Policy": "unsafe-none",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


class Call(Protocol):
    """A stream from another service, which goes on until it is told to end."""

    def cancel(self) -> bool:
        """End it."""


class Delivery(StreamingResponse):
    """Sends what is coming. The call ends with the answer, whatever ends that; a document that breaks off
    ends the connection, so that no browser takes it for the whole."""

    def __init__(self, call: Call, content: AsyncIterator[bytes], headers: Mapping[str, str]) -> None:
        """`headers`: with the Content-Type."""
        super().__init__(content, headers=headers)
        self._call = call

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        except AioRpcError as error:
            _LOG.warning("download broke off", code=error.code())
        finally:
            self._call.cancel()
