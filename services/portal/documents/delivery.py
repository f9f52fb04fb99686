"""A document on its way from attachments to a browser: in parts, as fast as the browser takes them."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from chassis import logs
from chassis.grpc_client import AioRpcError

_LOG = logs.get(__name__)


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
