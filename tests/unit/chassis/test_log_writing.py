"""Lines that wait for others: in order, complete, and never those that matter."""

import io
import logging
import threading
from collections.abc import Callable

from chassis.log_writing import LineHandler


class Later:
    """Keeps what is to be called later, until it is."""

    def __init__(self) -> None:
        self.due: list[Callable[[], None]] = []

    def __call__(self, seconds: float, call: Callable[[], None]) -> None:
        self.due.append(call)

    def come(self) -> None:
        due, self.due = self.due, []
        for call in due:
            call()


def handle(handler: LineHandler, text: str, level: int = logging.INFO) -> None:
    handler.handle(logging.LogRecord("sample", level, "", 0, text, None, None))


def test_each_line_is_written_at_once_unless_it_may_wait() -> None:
    written, later = io.StringIO(), Later()
    handler = LineHandler(written)
    handle(handler, "first")
    assert written.getvalue() == "first\n"
    with handler.together(later):
        handle(handler, "second")
        handle(handler, "third")
        assert written.getvalue() == "first\n"
        assert len(later.due) == 1
        later.come()
        assert written.getvalue() == "first\nsecond\nthird\n"
        handle(handler, "fourth")
        assert len(later.due) == 1
    assert written.getvalue().endswith("fourth\n")


def test_a_warning_waits_for_nothing_and_comes_behind_what_waited() -> None:
    written = io.StringIO()
    handler = LineHandler(written)
    with handler.together(Later()):
        handle(handler, "before")
        handle(handler, "bad", logging.WARNING)
        assert written.getvalue() == "before\nbad\n"


def test_the_lines_of_another_thread_do_not_wait() -> None:
    written, later = io.StringIO(), Later()
    handler = LineHandler(written)
    with handler.together(later):
        thread = threading.Thread(target=handle, args=(handler, "elsewhere"))
        thread.start()
        thread.join()
        assert written.getvalue() == "elsewhere\n"
        assert later.due == []


def test_the_end_of_the_process_writes_what_waits() -> None:
    written = io.StringIO()
    handler = LineHandler(written)
    with handler.together(Later()):
        handle(handler, "last")
        handler.flush()
        assert written.getvalue() == "last\n"


def test_a_line_that_cannot_be_made_spoils_no_other() -> None:
    class Choosy(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            if record.msg == "bad":
                raise ValueError
            return super().format(record)

    written, later = io.StringIO(), Later()
    handler = LineHandler(written)
    handler.setFormatter(Choosy())
    with handler.together(later):
        for text in ("good", "bad", "better"):
            handle(handler, text)
    assert sorted(written.getvalue().split("\n"))[1:] == [
        "better",
        "good",
        '{"level": "error", "event": "line not written", "logger": "sample"}',
    ]
