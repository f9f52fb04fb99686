"""Logs one JSON line per event, with allow-listed fields and without anything personal."""

import contextlib
import json
import logging
import re
import sys
import threading
import types
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import Enum
from typing import TextIO
from uuid import UUID

from chassis import trace_context
from chassis.tracebacks import describe, short_path

# What a line may say besides its event and ids (UUIDs in fields named …_id): kinds, counts and durations.
# Never a value that a person typed.
FIELDS = frozenset(
    {
        "action",
        "aggregate_version",
        "attempt",
        "attempts",
        "audience",
        "batch",
        "bytes",
        "channel",
        "code",
        "consumer",
        "count",
        "created",
        "database",
        "dead",
        "dependency",
        "due",
        "error_id",
        "event_type",
        "exchange",
        "host",
        "interval",
        "job",
        "kind",
        "limit",
        "loop",
        "method",
        "migration",
        "object_kind",
        "pending",
        "port",
        "process",
        "published",
        "queue",
        "reason",
        "received",
        "release",
        "request_id",
        "result",
        "retry_in",
        "revision",
        "role",
        "route",
        "routing_key",
        "rows",
        "seconds",
        "server",
        "signal",
        "size",
        "stage",
        "state",
        "status",
        "table",
        "target",
        "topic",
        "total",
        "version",
    }
)
_SAFE_TEXT = re.compile(r"[\w./:,=+\-\[\]]{0,200}", re.ASCII)
_REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
_ATTRIBUTE = "praxispost_fields"


class Log:
    """Writes events of one module. The event's text is a constant; what varies goes into fields."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, **fields: object) -> None:
        self._write(logging.DEBUG, event, None, fields)

    def info(self, event: str, **fields: object) -> None:
        self._write(logging.INFO, event, None, fields)

    def warning(self, event: str, *, error: BaseException | None = None, **fields: object) -> None:
        self._write(logging.WARNING, event, error, fields)

    def error(self, event: str, *, error: BaseException | None = None, **fields: object) -> None:
        self._write(logging.ERROR, event, error, fields)

    def _write(
        self, level: int, event: str, error: BaseException | None, fields: Mapping[str, object]
    ) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, event, exc_info=error, extra={_ATTRIBUTE: fields})


def get(name: str) -> Log:
    """The log of a module: `_log = logs.get(__name__)`."""
    return Log(name)


def configure(service: str, kind: str, level: str) -> None:
    """Send every log line of this process to stderr as JSON; libraries' lines from WARNING on.

    `level` (debug, info, warning, error) is for our own lines. Errors that nobody caught are logged the same
    way, since their usual traceback would show the exception's text.
    """
    handler = _Handler(sys.stderr)
    handler.setFormatter(_JsonLine(service, kind))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for package in ("chassis", "services", "deploy", "__main__"):
        logging.getLogger(package).setLevel(level.upper())
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


@contextlib.contextmanager
def request_id(value: str) -> Iterator[None]:
    """Put this request id on every line written within, also by tasks started within."""
    token = _REQUEST_ID.set(value)
    try:
        yield
    finally:
        _REQUEST_ID.reset(token)


def current_request_id() -> str:
    """The request id bound at the moment, or an empty string."""
    return _REQUEST_ID.get()


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:
        """Instead of the usual traceback, which shows the line that failed with all its arguments."""
        with contextlib.suppress(OSError, ValueError):
            self.stream.write(
                json.dumps({"level": "error", "event": "line not written", "logger": record.name})
            )
            self.stream.write(self.terminator)


class _JsonLine(logging.Formatter):
    def __init__(self, service: str, kind: str) -> None:
        super().__init__()
        self._service = service
        self._kind = kind

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "kind": self._kind,
            "logger": record.name,
        }
        fields = getattr(record, _ATTRIBUTE, None)
        if fields is None:
            line |= _library_event(record)
        else:
            line["event"] = record.msg
            line |= _allowed(fields)
        if bound := _REQUEST_ID.get():
            line["request_id"] = bound
        if traced := trace_context.trace_id():
            line["trace_id"] = traced
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = describe(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True)


def _library_event(record: logging.LogRecord) -> dict[str, object]:
    """A library's line by its template; without arguments the text may be put together already: not shown."""
    event: dict[str, object] = {"event": "library", "at": f"{short_path(record.pathname)}:{record.lineno}"}
    if record.args and isinstance(record.msg, str):
        event["template"] = record.msg
    return event


def _allowed(fields: Mapping[str, object]) -> dict[str, object]:
    shown: dict[str, object] = {}
    dropped: list[str] = []
    for name, value in fields.items():
        plain = _plain(value)
        if plain is not _UNSAFE and (name in FIELDS or (name.endswith("_id") and isinstance(value, UUID))):
            shown[name] = plain
        else:
            dropped.append(name)
    if dropped:
        shown["dropped"] = sorted(dropped)
    return shown


_UNSAFE = object()


def _plain(value: object) -> object:
    plain: object = _UNSAFE
    match value:
        case None | bool() | int():
            plain = value
        case float():
            plain = round(value, 6)
        case UUID():
            plain = str(value)
        case datetime():
            plain = value.isoformat()
        case Enum():
            plain = value.name
        case str() if _SAFE_TEXT.fullmatch(value):
            plain = str(value)
    return plain


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: types.TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    get("chassis.uncaught").error("uncaught error ends the process", error=error.with_traceback(trace))


def _log_uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
    get("chassis.uncaught").error("uncaught error ended a thread", error=arguments.exc_value)
