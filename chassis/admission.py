"""How many calls are served at once: those beyond are refused at once rather than kept waiting."""

from types import TracebackType

from chassis.refusal import Refusal, Status


class Admission:
    """Counts what is being served; entering refuses with OVERLOADED at the limit."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._serving = 0

    def __enter__(self) -> None:
        if self._serving >= self._most:
            raise Refusal(
                Status.RESOURCE_EXHAUSTED, "OVERLOADED", "too many requests are in progress; try again later"
            )
        self._serving += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._serving -= 1
