"""Tells an open page what has changed, as server-sent events; the page then reads again what concerns it."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from chassis.grpc_client import AioRpcError
from praxispost.messaging.v1.messaging_pb2 import Change, ChangeKind, WatchRequest, WatchResponse
from services.portal.people import Person, SessionEnded
from services.portal.tools import Tools

_HEARTBEAT_SECONDS: Final = 20.0
_AGAIN_AFTER_SECONDS: Final = 1.0
# A stream ends with its token: the next one is opened before that, so that no hint falls between the two.
_RENEW_BEFORE: Final = timedelta(seconds=10)
_WAITING: Final = 200
# More than anybody has pages open; one browser must not take the streams of all.
_MOST_OF_ONE_SESSION: Final = 40
_AGAIN: Final = 'event: change\ndata: {"kind": "again"}\n\n'
_AWAY: Final = "event: away\ndata: ended\n\n"
_HEARTBEAT: Final = ": still here\n\n"


class Following:
    """How many pages follow, by session."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def check(self, session_id: str) -> None:
        """Raises HTTPException where the session has enough of them."""
        if self._counts[session_id] >= _MOST_OF_ONE_SESSION:
            raise HTTPException(429)

    @contextmanager
    def one_more(self, session_id: str) -> Iterator[None]:
        """Count one, as long as the block lasts."""
        self._counts[session_id] += 1
        try:
            yield
        finally:
            self._counts[session_id] -= 1
            if not self._counts[session_id]:
                del self._counts[session_id]


class Hints:
    """The stream of one open page. It never keeps a session from ending by idleness, and says first whose
    it is: somebody else may have logged in in another window since."""

    def __init__(self, tools: Tools, person: Person, following: Following) -> None:
        self._tools = tools
        self._following = following
        self._person = person
        self._lines: asyncio.Queue[str | None] = asyncio.Queue(_WAITING)
        self._watching: set[asyncio.Task[None]] = set()

    def response(self) -> StreamingResponse:
        """The answer to the page's EventSource. Raises HTTPException where there are too many."""
        self._following.check(self._person.session_id)
        headers = {"X-Accel-Buffering": "no"}
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=headers)

    async def _stream(self) -> AsyncIterator[str]:
        stopping = asyncio.create_task(self._tools.stop.wait())
        following = asyncio.create_task(self._follow())
        stopping.add_done_callback(lambda _: self._put(None))
        try:
            with self._following.one_more(self._person.session_id):
                yield f"retry: 2000\nevent: person\ndata: {self._person.id}\n\n"
                while (line := await self._next()) is not None:
                    yield line
        finally:
            for task in (stopping, following, *self._watching):
                task.cancel()

    async def _next(self) -> str | None:
        try:
            return await asyncio.wait_for(self._lines.get(), _HEARTBEAT_SECONDS)
        except TimeoutError:
            return _HEARTBEAT

    def _put(self, line: str | None) -> None:
        """A page that is too slow to follow is told to read everything again once it does."""
        if self._lines.full():
            while not self._lines.empty():
                self._lines.get_nowait()
            self._lines.put_nowait(_AGAIN)
        self._lines.put_nowait(line)

    async def _follow(self) -> None:
        """Keep one stream open, the next one before the last one ends, until the session does. After a gap
        the page is told once, when hints come again: before, it could read nothing anyway."""
        missed = False
        while True:
            try:
                ends_at = await self._watch()
            except SessionEnded:
                self._put(_AWAY)
                self._put(None)
                return
            except (AioRpcError, StopAsyncIteration):
                missed = True
                await asyncio.sleep(_AGAIN_AFTER_SECONDS)
                continue
            if missed:
                self._put(_AGAIN)
            missed = await self._breaks_off_before(ends_at - _RENEW_BEFORE)

    async def _watch(self) -> datetime:
        """Open a stream and follow it in the background; returns when its token ends."""
        metadata, ends_at = await self._person.fresh("messaging")
        call = self._tools.services.messaging.Watch(WatchRequest(), metadata=metadata)
        responses = aiter(call)
        # The first response is empty: from now on nothing is missed.
        await anext(responses)
        task = asyncio.create_task(self._pass_on(responses))
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)
        return ends_at

    async def _pass_on(self, responses: AsyncIterator[WatchResponse]) -> None:
        with suppress(AioRpcError):
            async for response in responses:
                self._put(f"event: change\ndata: {json.dumps(_hint(response.change))}\n\n")

    async def _breaks_off_before(self, moment: datetime) -> bool:
        """Wait until then, or until the stream breaks off; says whether it did."""
        seconds = max((moment - self._tools.clock()).total_seconds(), 0.0)
        await asyncio.wait(self._watching, timeout=seconds, return_when=asyncio.ALL_COMPLETED)
        if self._watching:
            return False
        await asyncio.sleep(_AGAIN_AFTER_SECONDS)
        return True


def _hint(change: Change) -> dict[str, str]:
    kind = ChangeKind.Name(change.kind).removeprefix("CHANGE_KIND_").lower()
    return {
        "kind": kind,
        "conversation": change.conversation_id,
        "patient": change.patient_id,
        "message": change.message_id,
    }
