"""Shows documents as pictures of their pages."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from uuid import UUID

from chassis import logs
from chassis.caller import Caller
from chassis.refusal import Refusal, Status
from services.attachments import refusals
from services.attachments.decoder_process import NotDecoded
from services.attachments.downloads import Download, Downloads, Wish
from services.attachments.drawing_process import DrawnPage, drawing
from services.attachments.reading import as_bytes
from services.attachments.turns import Turns

_LOG = logs.get(__name__)
_DRAWN = frozenset({"application/pdf", "image/tiff"})
# Each may hold all its pages in memory, 12 MB, for a reader on a slow line.
_MOST = 16
_MOST_FOR_ONE = 2


@dataclass(frozen=True, slots=True)
class Shown:
    """A document that is shown; `pages` draws it, and must be closed."""

    file_name: str
    page_count: int
    pages: AsyncGenerator[DrawnPage, None]


class Showing:
    """The use case of ShowAttachment. Drawing goes ahead of the reader, so that a slow one does not keep a
    decoder from others."""

    def __init__(self, downloads: Downloads, turns: Turns) -> None:
        self._downloads = downloads
        self._turns = turns
        self._shown: Counter[UUID] = Counter()

    @contextmanager
    def place(self, caller: Caller) -> Iterator[None]:
        """Hold a place for a document that is shown; refuses where there is none."""
        if self._shown.total() >= _MOST or self._shown[caller.subject_id] >= _MOST_FOR_ONE:
            raise Refusal(Status.RESOURCE_EXHAUSTED, "OVERLOADED", "too many documents at once")
        self._shown[caller.subject_id] += 1
        try:
            yield
        finally:
            self._shown[caller.subject_id] -= 1
            self._shown += Counter()

    async def open(self, caller: Caller, wish: Wish) -> Shown:
        """Check the grant and note the reading as for a download, then draw."""
        download = await self._downloads.open(caller, wish)
        if download.media_type not in _DRAWN:
            raise refusals.not_shown()
        drawn: asyncio.Queue[int | DrawnPage | None] = asyncio.Queue()
        task = asyncio.create_task(self._draw(caller, download, drawn))
        try:
            count, first = await drawn.get(), await drawn.get()
            if not isinstance(count, int) or not isinstance(first, DrawnPage):
                await task
                raise refusals.not_shown()
        except BaseException:
            await _end(task)
            raise
        return Shown(download.file_name, count, _pages(task, first, drawn))

    async def _draw(
        self, caller: Caller, download: Download, drawn: "asyncio.Queue[int | DrawnPage | None]"
    ) -> None:
        try:
            async with (
                self._turns.one(caller.subject_id),
                aclosing(self._downloads.chunks(download, as_bytes)) as chunks,
                drawing(chunks) as made,
            ):
                drawn.put_nowait(made.page_count)
                async for page in made.pages:
                    drawn.put_nowait(page)
        except NotDecoded as error:
            _LOG.info("document cannot be drawn", kind="attachment")
            raise refusals.not_shown() from error
        finally:
            # Whoever waits for a number or a page gets neither.
            drawn.put_nowait(None)
            drawn.put_nowait(None)


async def _pages(
    task: asyncio.Task[None], first: DrawnPage, drawn: "asyncio.Queue[int | DrawnPage | None]"
) -> AsyncGenerator[DrawnPage, None]:
    try:
        yield first
        while isinstance(page := await drawn.get(), DrawnPage):
            yield page
    finally:
        await _end(task)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
