"""A practice's open stream of hints, read in the background as an open page would."""

from __future__ import annotations

import queue
import threading
import time

import grpc

from praxispost.messaging.v1 import messaging_pb2
from tests.story.callers import Caller

STREAM_SECONDS = 300.0
WAIT_SECONDS = 10.0


class Hints:
    """Watches from its construction on; opens the stream again when it ends with its token."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._seen: queue.Queue[tuple[messaging_pb2.Change, float]] = queue.Queue()
        self._open = threading.Event()
        self._closed = False
        threading.Thread(target=self._read, daemon=True).start()
        if not self._open.wait(WAIT_SECONDS):
            raise AssertionError("the stream of hints did not open")

    def _read(self) -> None:
        while not self._closed:
            try:
                for hint in self._caller.messages.Watch(messaging_pb2.WatchRequest(), timeout=STREAM_SECONDS):
                    self._open.set()
                    if hint.HasField("change"):
                        self._seen.put((hint.change, time.time()))
            except (grpc.RpcError, ValueError):
                time.sleep(0.1)

    def close(self) -> None:
        """No further stream is opened."""
        self._closed = True

    def wait_for(self, message_id: str, kind: messaging_pb2.ChangeKind.ValueType, since: float) -> float:
        """Waits for a hint of this message and kind after `since`; both times in seconds of the epoch."""
        end = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                change, at = self._seen.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no hint of message {message_id}") from None
            if change.message_id == message_id and change.kind == kind and at > since:
                return at
