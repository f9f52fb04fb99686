"""The parts of an upload as they come over the wire."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from chassis.refusal import Refusal, Status, invalid
from praxispost.attachments.v1 import attachments_pb2 as pb

_LARGEST_CHUNK = 262_144
_PATIENCE = 30.0
_HEARING = 2.0


async def take_header(
    requests: AsyncIterator[pb.UploadAttachmentRequest], seconds: float = _PATIENCE
) -> pb.UploadHeader:
    """The first part; refuses any but a header, and one that is too long in coming."""
    try:
        async with asyncio.timeout(seconds):
            first = await anext(requests, pb.UploadAttachmentRequest())
    except TimeoutError as error:
        raise Refusal(Status.DEADLINE_EXCEEDED, "DEADLINE_PASSED", "no header came in time") from error
    if first.WhichOneof("part") != "header":
        raise invalid("header", "is required first")
    return first.header


async def take_chunks(requests: AsyncIterator[pb.UploadAttachmentRequest]) -> AsyncIterator[bytes]:
    """The parts after the header; refuses any but chunks of 1 to 262,144 bytes."""
    async for request in requests:
        if request.WhichOneof("part") != "chunk":
            raise invalid("chunk", "is what follows the header")
        if not 1 <= len(request.chunk) <= _LARGEST_CHUNK:
            raise invalid("chunk", f"must have 1 to {_LARGEST_CHUNK} bytes")
        yield request.chunk


async def patiently(chunks: AsyncIterator[bytes], seconds: float) -> AsyncIterator[bytes]:
    """The chunks; refuses when the next one is too long in coming."""
    while True:
        try:
            async with asyncio.timeout(seconds):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise Refusal(Status.DEADLINE_EXCEEDED, "DEADLINE_PASSED", "no chunk came in time") from error
        yield chunk


@contextlib.asynccontextmanager
async def hearing_out(requests: AsyncIterator[pb.UploadAttachmentRequest]) -> AsyncIterator[None]:
    """Let a caller who is refused send on for two seconds, to nobody, before the call ends.

    Python's asyncio clients lose the status of a call that ends while they send (grpc/grpc issue 36066).
    """
    try:
        yield
    except Refusal:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HEARING):
                async for _ in requests:
                    pass
        raise
