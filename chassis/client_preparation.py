"""What every outgoing call gets: token, request id and deadline."""

from uuid import uuid4

from grpc import aio

from chassis import logs
from chassis.rpc_context import seconds_left
from chassis.service_tokens import ServiceTokens

_AUTHORIZATION = "authorization"
_REQUEST_ID = "x-request-id"


class Preparation:
    """Completes the details of calls on one channel."""

    def __init__(self, tokens: ServiceTokens | None, audience: str, deadline: float) -> None:
        self._tokens = tokens
        self._audience = audience
        self._deadline = deadline

    async def unary(self, details: aio.ClientCallDetails) -> aio.ClientCallDetails:
        """The details of a call with one request and one response."""
        left = seconds_left()
        timeout = self._deadline if details.timeout is None else details.timeout
        return await self._complete(details, timeout if left is None else min(timeout, left))

    async def stream(self, details: aio.ClientCallDetails) -> aio.ClientCallDetails:
        """The details of a call that streams: how long it may take is the caller's to say."""
        return await self._complete(details, details.timeout)

    def refused(self) -> None:
        """The other side did not accept our token: the next call gets a new one."""
        if self._tokens is not None:
            self._tokens.forget(self._audience)

    async def _complete(self, details: aio.ClientCallDetails, seconds: float | None) -> aio.ClientCallDetails:
        metadata = aio.Metadata(*(details.metadata or ()))
        if metadata.get(_REQUEST_ID) is None:
            metadata.add(_REQUEST_ID, logs.current_request_id() or uuid4().hex)
        if self._tokens is not None and metadata.get(_AUTHORIZATION) is None:
            metadata.add(_AUTHORIZATION, f"Bearer {await self._tokens.token(self._audience)}")
        return aio.ClientCallDetails(
            details.method, seconds, metadata, details.credentials, details.wait_for_ready
        )
