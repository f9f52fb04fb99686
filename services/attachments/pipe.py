"""Carries a document's bytes from the event loop to the one thread that writes them to the object store."""

import asyncio
import io
import threading
from collections import deque
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class PipeBroken(Exception):
    """The other end of the pipe is gone."""


class Pipe:
    """Holds a bounded number of bytes: who writes waits for room; who reads waits until it is half full, or
    nothing more comes, since each change between loop and thread costs both more than the bytes do.

    The event loop calls `write`, `close`, `abort` and `leave`; a thread reads from `reader`.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Event()
        self._changed = threading.Condition()
        self._pieces: deque[memoryview] = deque()
        self._held = 0
        self._wanting = False
        self._closed = False
        self._broken = False
        self.reader: BinaryIO = io.BufferedReader(_ReadingEnd(self))

    async def write(self, data: bytes) -> None:
        """Hand the bytes over once there is room; raises PipeBroken if nobody reads any more."""
        while not self._put(data):
            await self._room.wait()

    def close(self) -> None:
        """Say that nothing more comes: the reader gets what is held and then the end."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def abort(self) -> None:
        """Let the reader fail with PipeBroken, whatever is still held."""
        with self._changed:
            self._broken = True
            self._pieces.clear()
            self._changed.notify()

    def leave(self) -> None:
        """Say that nobody reads any more."""
        self.abort()
        self._room.set()

    def take(self, buffer: memoryview) -> int:
        """Fill the buffer with what is there, waiting for enough of it; 0 is the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._has_enough() or self._closed or self._broken)
            if self._broken:
                raise PipeBroken
            taken = self._fill(buffer)
            self._held -= taken
            wanting, self._wanting = self._wanting, False
        if wanting:
            self._loop.call_soon_threadsafe(self._room.set)
        return taken

    def _put(self, data: bytes) -> bool:
        with self._changed:
            if self._broken:
                raise PipeBroken
            if self._held >= self._capacity:
                self._room.clear()
                self._wanting = True
                return False
            if data:
                self._pieces.append(memoryview(data))
                self._held += len(data)
                if self._has_enough():
                    self._changed.notify()
            return True

    def _has_enough(self) -> bool:
        return 2 * self._held >= self._capacity

    def _fill(self, buffer: memoryview) -> int:
        taken = 0
        while self._pieces and taken < len(buffer):
            piece = self._pieces.popleft()
            fitting = min(len(piece), len(buffer) - taken)
            buffer[taken : taken + fitting] = piece[:fitting]
            if fitting < len(piece):
                self._pieces.appendleft(piece[fitting:])
            taken += fitting
        return taken


class _ReadingEnd(io.RawIOBase):
    def __init__(self, pipe: Pipe) -> None:
        super().__init__()
        self._pipe = pipe

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        return self._pipe.take(memoryview(buffer))
