"""Gives documents to the program that draws their pages."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.attachments.decoder_process import NotDecoded, decoder

PROGRAM = "page_drawing"
_SECONDS = 30.0
_MOST_BYTES = 12_000_000


@dataclass(frozen=True, slots=True)
class DrawnPage:
    """A page: its picture, a JPEG, and what is written on it."""

    picture: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """How many pages the document has, and those that are drawn, as they come out of the program."""

    page_count: int
    pages: AsyncGenerator[DrawnPage, None]


@asynccontextmanager
async def drawing(document: AsyncIterator[bytes]) -> AsyncIterator[Drawing]:
    """Draw a document; raises NotDecoded where not even its first page comes. The process ends with the
    block."""
    async with decoder(PROGRAM, document) as stdout:
        try:
            async with asyncio.timeout(_SECONDS):
                count = await stdout.readline()
        except TimeoutError as error:
            raise NotDecoded from error
        if not count.strip().isdigit():
            raise NotDecoded
        yield Drawing(int(count), _pages(stdout))


async def _pages(stdout: asyncio.StreamReader) -> AsyncGenerator[DrawnPage, None]:
    while True:
        try:
            async with asyncio.timeout(_SECONDS):
                picture, _, text = (await stdout.readline()).strip().partition(b" ")
                if not (picture.isdigit() and text.isdigit()) or int(picture) + int(text) > _MOST_BYTES:
                    return
                drawn, written = await stdout.readexactly(int(picture)), await stdout.readexactly(int(text))
        except (TimeoutError, asyncio.IncompleteReadError):
            return
        yield DrawnPage(drawn, written.decode(errors="replace"))
