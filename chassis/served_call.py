"""Serves one call: request id, admission, access, deadline, the servicer's work, and how it ended."""

import asyncio
import contextlib
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import uuid4

import grpc
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status as RpcStatus
from grpc import aio
from grpc_status import rpc_status

from chassis import logs
from chassis.access import Access
from chassis.admission import Admission, Shares
from chassis.call_endings import CallEndings
from chassis.caller import Caller
from chassis.refusal import Refusal, dependency_unavailable
from chassis.rich_status import is_passing, to_rpc_status
from chassis.rpc_context import arrived, serve_for
from chassis.rpc_metrics import Method, RpcMetrics
from chassis.rpc_spans import note_end, serving
from chassis.spans import NOTHING, Span, Spans
from chassis.trace_context import TRACEPARENT

_LOG = logs.get(__name__)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_NO_LIMIT = contextlib.nullcontext()

R = TypeVar("R")
Context = aio.ServicerContext[bytes, object]
Work = Callable[[], Awaitable[R]]


@dataclass(frozen=True, slots=True)
class ServedMethod:
    """A method and how long a call without a deadline may take; None: as long as the caller's token.

    `is_open_stream` is a stream of health or reflection, which anybody may begin.
    """

    full_name: str
    method: Method
    seconds: float | None
    is_health: bool
    is_stream: bool
    is_open_stream: bool


class CallRunner:
    """Runs the servicer's work for each call, in the order that ARCHITECTURE gives."""

    def __init__(
        self,
        *,
        access: Access,
        metrics: RpcMetrics,
        spans: Spans,
        endings: CallEndings,
        calls: Admission,
        streams: Admission,
        open_streams: Admission,
        shares: Shares,
        error_domain: str,
    ) -> None:
        self._access = access
        self._metrics = metrics
        self._spans = spans
        self._endings = endings
        self._calls = calls
        self._streams = streams
        self._open_streams = open_streams
        self._shares = shares
        self._error_domain = error_domain

    async def run(self, served: ServedMethod, context: Context, work: Work[R]) -> R:
        """Do the work, or end the call with the status of what went wrong."""
        metadata = arrived()
        logs.bind_request_id(_request_id(metadata))
        with self._span(served, metadata) as span:
            started_at = self._metrics.started(served.method)
            code = grpc.StatusCode.OK
            try:
                with self._admission(served):
                    return await self._admitted(served, context, metadata, work)
            except (asyncio.CancelledError, aio.InternalError):
                code = grpc.StatusCode.CANCELLED
                raise
            except aio.AbortError:
                code = context.code()
                raise
            except Exception as error:
                status = self._status_of(error, served)
                code = _code(status)
                await context.abort_with_status(rpc_status.to_status(status))
            finally:
                seconds = self._metrics.handled(served.method, code.name, started_at)
                note_end(span, code)
                if not served.is_health:
                    _LOG.info("rpc handled", method=served.full_name, code=code, seconds=seconds)

    async def _admitted(
        self, served: ServedMethod, context: Context, metadata: Mapping[str, str], work: Work[R]
    ) -> R:
        async def authorised() -> R:
            caller = await self._access.admit(served.full_name, metadata)
            serve_for(caller)
            with self._share(served, caller):
                if served.seconds is None:
                    return await self._endings.long_lived(caller, work)
                return await work()

        if served.seconds is None:
            return await authorised()
        left: float | None = context.time_remaining()
        return await self._endings.bounded(served.seconds if left is None else left, authorised)

    def _span(
        self, served: ServedMethod, metadata: Mapping[str, str]
    ) -> contextlib.AbstractContextManager[Span]:
        if served.is_health or not self._spans.on:
            return NOTHING
        return serving(self._spans, served.full_name, metadata.get(TRACEPARENT, ""))

    def _admission(self, served: ServedMethod) -> contextlib.AbstractContextManager[None]:
        if served.is_open_stream:
            return self._open_streams
        if served.is_health:
            return _NO_LIMIT
        return self._streams if served.seconds is None else self._calls

    def _share(self, served: ServedMethod, caller: Caller) -> contextlib.AbstractContextManager[None]:
        """A call with one request and one response is over soon; a stream holds its place for minutes."""
        if served.is_open_stream or not served.is_stream:
            return _NO_LIMIT
        return self._shares.of(caller.subject_id)

    def _status_of(self, error: Exception, served: ServedMethod) -> RpcStatus:
        if isinstance(error, Refusal):
            return to_rpc_status(error, self._error_domain)
        if isinstance(error, aio.AioRpcError) and is_passing(error):
            _LOG.warning("dependency failed", error=error, method=served.full_name, code=error.code())
            return to_rpc_status(dependency_unavailable("service"), self._error_domain)
        error_id = uuid4()
        _LOG.error("rpc failed", error=error, error_id=error_id, method=served.full_name)
        return RpcStatus(code=Code.INTERNAL, message=f"internal error {error_id}")


def _code(status: RpcStatus) -> grpc.StatusCode:
    return _CODES[status.code]


def _request_id(metadata: Mapping[str, str]) -> str:
    given = metadata.get("x-request-id", "")
    # It only has to be another one, not to be hard to guess; a random UUID asks the kernel for every call.
    return given if given and _REQUEST_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"
