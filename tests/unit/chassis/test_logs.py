"""Log lines: one JSON object each, allow-listed fields, never a person's data."""

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from uuid import UUID

import pytest

from chassis import logs

PERSON = "Erika Mustermann"


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    hook, thread_hook = sys.excepthook, threading.excepthook
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    logs.configure("sample", "api", "info")
    yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook = hook, thread_hook
    logging.captureWarnings(False)


def lines(output: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


def test_an_event_is_one_line_of_json(output: io.StringIO) -> None:
    identifier = UUID(int=7)
    logs.get("chassis.sample").info("relay started", pending=3, message_id=identifier)
    (line,) = lines(output)
    assert line.pop("time")
    assert line == {
        "level": "info",
        "service": "sample",
        "kind": "api",
        "logger": "chassis.sample",
        "event": "relay started",
        "pending": 3,
        "message_id": str(identifier),
    }


def test_what_is_not_allowed_is_dropped_and_named(output: io.StringIO) -> None:
    logs.get("chassis.sample").info(
        "sent", email="a@example.com", reason=PERSON, account_id="typed by a person"
    )
    (line,) = lines(output)
    assert line["dropped"] == ["account_id", "email", "reason"]
    assert PERSON not in json.dumps(line)


def test_an_exception_shows_types_and_places_only(output: io.StringIO) -> None:
    try:
        try:
            raise ValueError(PERSON)
        except ValueError as error:
            raise KeyError(PERSON) from error
    except KeyError as error:
        logs.get("chassis.sample").error("failed", error=error)
    (line,) = lines(output)
    shown = json.dumps(line)
    assert PERSON not in shown
    assert "Erika" not in shown
    error_shown = line["error"]
    assert isinstance(error_shown, dict)
    assert error_shown["type"] == "KeyError"
    assert error_shown["from"]["type"] == "ValueError"
    assert "test_logs.py:" in error_shown["at"][0]


def test_exceptions_of_a_group_are_described(output: io.StringIO) -> None:
    logs.get("chassis.sample").error(
        "failed", error=ExceptionGroup(PERSON, [ValueError(PERSON), OSError(PERSON)])
    )
    (line,) = lines(output)
    assert isinstance(line["error"], dict)
    assert [part["type"] for part in line["error"]["group"]] == ["ValueError", "OSError"]
    assert PERSON not in json.dumps(line)


def test_a_librarys_line_shows_its_template_without_arguments(output: io.StringIO) -> None:
    library = logging.getLogger("some.library")
    library.warning("could not reach %s", PERSON)
    library.warning(f"could not reach {PERSON}".replace("could", "would"))
    library.info("not shown at all")
    first, second = lines(output)
    assert first["template"] == "could not reach %s"
    assert "template" not in second
    assert PERSON not in json.dumps([first, second])


def test_the_request_id_stands_on_every_line_within(output: io.StringIO) -> None:
    log = logs.get("chassis.sample")
    with logs.request_id("abc"):
        assert logs.current_request_id() == "abc"
        log.info("within")
    log.info("after")
    within, after = lines(output)
    assert within["request_id"] == "abc"
    assert "request_id" not in after


def test_lines_that_wait_keep_the_request_id_that_was_bound(output: io.StringIO) -> None:
    log = logs.get("chassis.sample")
    with logs.written_together(lambda seconds, call: None):
        with logs.request_id("abc"):
            log.info("within")
        log.info("after")
        assert output.getvalue() == ""
    within, after = lines(output)
    assert within["request_id"] == "abc"
    assert "request_id" not in after


def test_an_uncaught_error_of_a_thread_shows_no_text(output: io.StringIO) -> None:
    def fail() -> None:
        raise ValueError(PERSON)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    (line,) = lines(output)
    assert line["event"] == "uncaught error ended a thread"
    assert PERSON not in json.dumps(line)


def test_a_line_that_cannot_be_written_shows_nothing(output: io.StringIO) -> None:
    logging.getLogger("some.library").warning("%s", object(), extra={"praxispost_fields": PERSON})
    (line,) = lines(output)
    assert line["event"] == "line not written"
    assert PERSON not in json.dumps(line)
