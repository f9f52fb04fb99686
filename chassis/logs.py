"""Logs one JSON line per event, with allow-listed fields and without anything personal."""

import contextlib
import functools
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
from uuid import UUID

from chassis import trace_context
from chassis.log_writing import Later, LineHandler
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
_FIELDS_ATTRIBUTE = "praxispost_fields"
_BOUND_ATTRIBUTE = "praxispost_bound"


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
        logger = self._logger
        if logger.isEnabledFor(level):
            # Not by the logger's own methods, which look up in the stack who called: our lines don't say it.
            trace = None if error is None else (type(error), error, error.__traceback__)
            record = logging.LogRecord(logger.name, level, "", 0, event, None, trace)
            # Shown later, when another request may be bound.
            setattr(record, _FIELDS_ATTRIBUTE, fields)
            setattr(record, _BOUND_ATTRIBUTE, _bound())
            logger.handle(record)


def get(name: str) -> Log:
    """The log of a module: `_log = logs.get(__name__)`."""
    return Log(name)


def configure(service: str, kind: str, level: str) -> None:
    """Send every log line of this process to stderr as JSON; libraries' lines from WARNING on.

    `level` (debug, info, warning, error) is for our own lines. Errors that nobody caught are logged the same
    way, since their usual traceback would show the exception's text.
    """
    handler = LineHandler(sys.stderr)
    handler.setFormatter(_JsonLine(service, kind))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for package in ("chassis", "services", "deploy", "__main__"):
        logging.getLogger(package).setLevel(level.upper())
    logging.captureWarnings(True)
    # Found out for every line otherwise, and shown on none.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread


@contextlib.contextmanager
def written_together(later: Later) -> Iterator[None]:
    """Within, what this thread logs is written some lines at a time; see `LineHandler.together`."""
    with contextlib.ExitStack() as stack:
        for handler in logging.getLogger().handlers:
            if isinstance(handler, LineHandler):
                stack.enter_context(handler.together(later))
        yield


def bind_request_id(value: str) -> None:
    """From here on this task, which serves one RPC, puts this request id on every line."""
    _REQUEST_ID.set(value)


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


def _bound() -> tuple[str, str]:
    """The ids of the request and of the trace that a line is of."""
    return _REQUEST_ID.get(), trace_context.trace_id()


class _JsonLine(logging.Formatter):
    """Puts lines together by hand: an encoder for each would take as long as all else about a short RPC."""

    def __init__(self, service: str, kind: str) -> None:
        super().__init__()
        self._service = service
        self._kind = kind

    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, _FIELDS_ATTRIBUTE, None)
        event = "library" if fields is None else record.msg
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        members = [
            f'"time": "{time}"',
            _head(record.levelname.lower(), self._service, self._kind, record.name, event),
            *(_library_event(record) if fields is None else _allowed(fields)),
        ]
        request, trace = _bound() if fields is None else getattr(record, _BOUND_ATTRIBUTE, ("", ""))
        if request:
            members.append(_member("request_id", request))
        if trace:
            members.append(_member("trace_id", trace))
        if record.exc_info and record.exc_info[1] is not None:
            members.append(_member("error", describe(record.exc_info[1])))
        return f"{{{', '.join(members)}}}"


@functools.lru_cache(maxsize=1024)
def _head(level: str, service: str, kind: str, logger: str, event: str) -> str:
    """What all lines of an event have in common."""
    common = {"level": level, "service": service, "kind": kind, "logger": logger, "event": event}
    return ", ".join(_member(name, value) for name, value in common.items())


def _member(name: str, value: object) -> str:
    return f'"{name}": {json.dumps(value)}'


def _library_event(record: logging.LogRecord) -> list[str]:
    """A library's line by its template; without arguments the text may be put together already: not shown."""
    members = [_member("at", f"{short_path(record.pathname)}:{record.lineno}")]
    if record.args and isinstance(record.msg, str):
        members.append(_member("template", record.msg))
    return members


def _allowed(fields: Mapping[str, object]) -> list[str]:
    members: list[str] = []
    dropped: list[str] = []
    for name, value in fields.items():
        shown = _shown(value)
        if shown is not None and (name in FIELDS or (name.endswith("_id") and isinstance(value, UUID))):
            members.append(f'"{name}": {shown}')
        else:
            dropped.append(name)
    if dropped:
        members.append(_member("dropped", sorted(dropped)))
    return members


def _shown(value: object) -> str | None:
    """The value as JSON; None where it must not be shown. Text that is safe needs no escapes."""
    shown = None
    match value:
        case None | bool():
            shown = json.dumps(value)
        case int():
            shown = str(int(value))
        case float():
            shown = str(round(value, 6))
        case UUID():
            shown = f'"{value}"'
        case datetime():
            shown = f'"{value.isoformat()}"'
        case Enum():
            shown = f'"{value.name}"'
        case str() if _SAFE_TEXT.fullmatch(value):
            shown = f'"{value}"'
    return shown


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: types.TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    get("chassis.uncaught").error("uncaught error ends the process", error=error.with_traceback(trace))


def _log_uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
    get("chassis.uncaught").error("uncaught error ended a thread", error=arguments.exc_value)
