"""Gives photos to the program that renders them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.attachments.decoder_process import NotDecoded, decoder

PROGRAM = "rendering"
_SECONDS = 30.0
_CHUNK = 65_536
_MEDIA_TYPES = frozenset({"image/gif", "image/jpeg", "image/png", "image/tiff", "image/webp"})


@dataclass(frozen=True, slots=True)
class Rendering:
    """A rendition as it comes out of the program."""

    media_type: str
    size: int
    chunks: AsyncGenerator[bytes, None]


@asynccontextmanager
async def rendering(photo: AsyncIterator[bytes]) -> AsyncIterator[Rendering]:
    """Render a photo; raises NotDecoded, also while the chunks are read. The process ends with the block."""
    async with decoder(PROGRAM, photo) as stdout:
        yield await _take(stdout)


async def _take(stdout: asyncio.StreamReader) -> Rendering:
    try:
        async with asyncio.timeout(_SECONDS):
            line = await stdout.readline()
    except TimeoutError as error:
        raise NotDecoded from error
    media_type, _, size = line.decode("ascii", "replace").strip().partition(" ")
    if media_type not in _MEDIA_TYPES or not size.isdecimal():
        raise NotDecoded
    return Rendering(media_type, int(size), _chunks(stdout, int(size)))


async def _chunks(stdout: asyncio.StreamReader, size: int) -> AsyncGenerator[bytes, None]:
    while size:
        chunk = await stdout.read(min(size, _CHUNK))
        if not chunk:
            raise NotDecoded
        size -= len(chunk)
        yield chunk
