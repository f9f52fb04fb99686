"""Writes log lines: each at once, or those of a moment together where an event loop has better to do."""

import contextlib
import json
import logging
import threading
from collections.abc import Callable, Iterator
from typing import TextIO

# Each write lets go of the interpreter and has to wait for it again; and a line that is formatted alone,
# between other work, takes several times as long as one among many.
_TOGETHER_SECONDS = 0.02

# A pipe takes so much in one piece (PIPE_BUF), also from several processes that write to it.
_MOST_AT_ONCE = 4096

Later = Callable[[float, Callable[[], None]], object]


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes what the formatter makes of records, and nothing else."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._waiting: list[logging.LogRecord] = []
        self._later: Later | None = None
        self._thread = 0
        self._is_due = False

    @contextlib.contextmanager
    def together(self, later: Later) -> Iterator[None]:
        """Within, what this thread logs waits 20 ms for more of it; warnings and errors never wait.

        `later` calls a function after so many seconds, as an event loop's `call_later`. What waits is lost
        where the process is killed.
        """
        self._later, self._thread = later, threading.get_ident()
        try:
            yield
        finally:
            self._later = None
            self.flush()

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record's line, or let it wait; the caller holds the handler's lock."""
        self._waiting.append(record)
        if record.levelno > logging.INFO or not self._may_wait():
            self._write()

    def flush(self) -> None:
        """Write what waits; called at the end of the process, too."""
        with self.lock or contextlib.nullcontext():
            self._write()

    def handleError(self, record: logging.LogRecord) -> None:
        """Instead of the usual traceback, which shows the line that failed with all its arguments."""
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(
                json.dumps({"level": "error", "event": "line not written", "logger": record.name})
            )
            self.stream.write(self.terminator)

    def _may_wait(self) -> bool:
        if self._later is None or threading.get_ident() != self._thread:
            return False
        if not self._is_due:
            self._is_due = True
            self._later(_TOGETHER_SECONDS, self._write_due)
        return True

    def _write_due(self) -> None:
        self._is_due = False
        self.flush()

    def _write(self) -> None:
        records, self._waiting = self._waiting, []
        lines = [line for record in records if (line := self._line(record))]
        try:
            for part in _parts(lines):
                self.stream.write(part)
                self.stream.flush()
        except Exception:
            self.handleError(records[-1])

    def _line(self, record: logging.LogRecord) -> str:
        try:
            return self.format(record) + self.terminator
        except Exception:
            self.handleError(record)
            return ""


def _parts(lines: list[str]) -> Iterator[str]:
    """The lines put together as far as they go in one piece; they are ASCII only."""
    part = ""
    for line in lines:
        if part and len(part) + len(line) > _MOST_AT_ONCE:
            yield part
            part = ""
        part += line
    if part:
        yield part
