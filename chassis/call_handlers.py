"""Puts a `CallRunner` around the handlers of all four kinds of RPC.

Requests are parsed only after the caller is known and allowed, so a stranger's bytes meet no parser.
"""

import contextlib
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import DecodeError
from grpc import aio

from chassis.refusal import Refusal, Status
from chassis.rpc_context import arrived_with
from chassis.serialized import sending_serialized
from chassis.served_call import CallRunner, Context, ServedMethod

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Parse = Callable[[bytes], object]


class GuardingInterceptor(aio.ServerInterceptor):
    """Replaces every handler by one that runs under the runner; made once per method."""

    def __init__(self, runner: CallRunner, describe: Callable[[str, Handler], ServedMethod]) -> None:
        self._runner = runner
        self._describe = describe
        self._guarded: dict[str, Handler] = {}

    async def intercept_service(
        self,
        continuation: "Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]]",
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "Handler | None":
        # The same task serves the call afterwards.
        arrived_with(
            {key: value for key, value in handler_call_details.invocation_metadata if isinstance(value, str)}
        )
        method = handler_call_details.method
        guarded = self._guarded.get(method)
        if guarded is None:
            handler = await continuation(handler_call_details)
            if handler is None:
                return None
            guarded = self._guarded[method] = _guard(handler, self._describe(method, handler), self._runner)
        return guarded


def _guard(handler: Handler, served: ServedMethod, runner: CallRunner) -> Handler:
    parse: Parse = handler.request_deserializer or bytes
    if handler.request_streaming and handler.response_streaming:
        stream = _streaming(handler.stream_stream, _each(parse), served, runner)
        return grpc.stream_stream_rpc_method_handler(stream, None, handler.response_serializer)
    if handler.response_streaming:
        stream = _streaming(handler.unary_stream, _one(parse), served, runner)
        sending = sending_serialized(handler.response_serializer or bytes)
        return grpc.unary_stream_rpc_method_handler(stream, None, sending)
    serialize = handler.response_serializer
    if handler.request_streaming:
        unary = _answering(handler.stream_unary, _each(parse), serialize, served, runner)
        return grpc.stream_unary_rpc_method_handler(unary, None, None)
    unary = _answering(handler.unary_unary, _one(parse), serialize, served, runner)
    return grpc.unary_unary_rpc_method_handler(unary, None, None)


def _answering(behaviour: Any, read: Any, serialize: Any, served: ServedMethod, runner: CallRunner) -> Any:
    async def serve(raw: object, context: Context) -> bytes:
        async def work() -> bytes:
            answer: bytes = serialize(await behaviour(read(raw), context))
            return answer

        return await runner.run(served, context, work)

    return serve


def _streaming(behaviour: Any, read: Any, served: ServedMethod, runner: CallRunner) -> Any:
    async def serve(raw: object, context: Context) -> None:
        async def work() -> None:
            responses = behaviour(read(raw), context)
            if not inspect.isasyncgen(responses):
                await responses
                return
            async with contextlib.aclosing(responses):
                async for response in responses:
                    await context.write(response)

        await runner.run(served, context, work)

    return serve


def _one(parse: Parse) -> Parse:
    def read(raw: bytes) -> object:
        try:
            return parse(raw)
        except DecodeError as error:
            raise Refusal(
                Status.INVALID_ARGUMENT, "MALFORMED_REQUEST", "not a message of the method's request type"
            ) from error

    return read


def _each(parse: Parse) -> Callable[[AsyncIterator[bytes]], AsyncIterator[object]]:
    read = _one(parse)

    async def read_each(raws: AsyncIterator[bytes]) -> AsyncIterator[object]:
        async for raw in raws:
            yield read(raw)

    return read_each
