"""The four interceptors of an outgoing channel, one per kind of call, as grpc.aio wants them."""

import asyncio
import os
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

import grpc
from grpc import aio

from chassis import trace_context
from chassis.client_preparation import Preparation
from chassis.rpc_metrics import Method, RpcMetrics
from chassis.rpc_spans import calling, note_end
from chassis.spans import NO_SPAN, Span, Spans

Q = TypeVar("Q")
R = TypeVar("R")
_Requests = AsyncIterable[Q] | Iterable[Q]


def interceptors(
    preparation: Preparation, metrics: RpcMetrics | None, spans: Spans
) -> Sequence[aio.ClientInterceptor]:
    """Interceptors that complete each call's details, count it and trace it."""
    watch = _Watch(preparation, metrics, spans)
    return (
        _UnaryUnary(preparation, watch),
        _UnaryStream(preparation, watch),
        _StreamUnary(preparation, watch),
        _StreamStream(preparation, watch),
    )


class _Watch:
    """Sees how calls end, without making anybody wait for it."""

    def __init__(self, preparation: Preparation, metrics: RpcMetrics | None, spans: Spans) -> None:
        self._preparation = preparation
        self._metrics = metrics
        self._spans = spans
        self._watching: set[asyncio.Task[None]] = set()

    def trace(self, details: aio.ClientCallDetails) -> Span:
        """Begin the call's span, and let the other side know of it; `begin` ends it with the call."""
        if not self._spans.on:
            return NO_SPAN
        span = calling(self._spans, os.fsdecode(details.method))
        if details.metadata is not None:
            details.metadata[trace_context.TRACEPARENT] = span.traceparent
        return span

    def begin(
        self, call: aio.Call, details: aio.ClientCallDetails, span: Span, *, requests: bool, responses: bool
    ) -> None:
        name = os.fsdecode(details.method)  # bytes, whatever its type says
        method = Method.of(name, request_streaming=requests, response_streaming=responses)
        started_at = self._metrics.started(method) if self._metrics is not None else 0.0
        task = asyncio.get_running_loop().create_task(self._until_done(call, method, started_at, span))
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)

    async def _until_done(self, call: aio.Call, method: Method, started_at: float, span: Span) -> None:
        code = await call.code()
        note_end(span, code)
        span.end()
        if self._metrics is not None:
            self._metrics.handled(method, code.name, started_at)
        if code is grpc.StatusCode.UNAUTHENTICATED:
            self._preparation.refused()


class _Interceptor:
    def __init__(self, preparation: Preparation, watch: _Watch) -> None:
        self._preparation = preparation
        self._watch = watch


class _UnaryUnary(_Interceptor, aio.UnaryUnaryClientInterceptor):
    async def intercept_unary_unary(
        self,
        continuation: Callable[[aio.ClientCallDetails, Q], Awaitable[aio.UnaryUnaryCall[Q, R]]],
        client_call_details: aio.ClientCallDetails,
        request: Q,
    ) -> aio.UnaryUnaryCall[Q, R]:
        details = await self._preparation.unary(client_call_details)
        span = self._watch.trace(details)
        call = await continuation(details, request)
        self._watch.begin(call, details, span, requests=False, responses=False)
        return call


class _UnaryStream(_Interceptor, aio.UnaryStreamClientInterceptor):
    async def intercept_unary_stream(
        self,
        continuation: Callable[[aio.ClientCallDetails, Q], Awaitable[aio.UnaryStreamCall[Q, R]]],
        client_call_details: aio.ClientCallDetails,
        request: Q,
    ) -> aio.UnaryStreamCall[Q, R]:
        details = await self._preparation.stream(client_call_details)
        span = self._watch.trace(details)
        call = await continuation(details, request)
        self._watch.begin(call, details, span, requests=False, responses=True)
        return call


class _StreamUnary(_Interceptor, aio.StreamUnaryClientInterceptor):
    async def intercept_stream_unary(
        self,
        continuation: Callable[[aio.ClientCallDetails, _Requests[Q]], Awaitable[aio.StreamUnaryCall[Q, R]]],
        client_call_details: aio.ClientCallDetails,
        request_iterator: _Requests[Q],
    ) -> aio.StreamUnaryCall[Q, R]:
        details = await self._preparation.stream(client_call_details)
        span = self._watch.trace(details)
        call = await continuation(details, request_iterator)
        self._watch.begin(call, details, span, requests=True, responses=False)
        return call


class _StreamStream(_Interceptor, aio.StreamStreamClientInterceptor):
    async def intercept_stream_stream(
        self,
        continuation: Callable[[aio.ClientCallDetails, _Requests[Q]], Awaitable[aio.StreamStreamCall[Q, R]]],
        client_call_details: aio.ClientCallDetails,
        request_iterator: _Requests[Q],
    ) -> aio.StreamStreamCall[Q, R]:
        details = await self._preparation.stream(client_call_details)
        span = self._watch.trace(details)
        call = await continuation(details, request_iterator)
        self._watch.begin(call, details, span, requests=True, responses=True)
        return call
