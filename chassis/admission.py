"""How many calls are served at once: those beyond are refused at once rather than kept waiting."""

import contextlib
from collections import Counter
from collections.abc import Iterator
from types import TracebackType
from uuid import UUID

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


class Shares:
    """How many places one caller may hold at once, so that nobody can take all of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: Counter[UUID] = Counter()

    @contextlib.contextmanager
    def of(self, caller_id: UUID) -> Iterator[None]:
        """Hold one more; refuses with OVERLOADED at the limit."""
        if self._held[caller_id] >= self._most:
            raise Refusal(
                Status.RESOURCE_EXHAUSTED,
                "OVERLOADED",
                "too many streams of this caller; end one of them first",
            )
        self._held[caller_id] += 1
        try:
            yield
        finally:
            self._held[caller_id] -= 1
            if not self._held[caller_id]:
                del self._held[caller_id]
