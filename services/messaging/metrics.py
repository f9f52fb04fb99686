"""Messaging's own metrics: how much is sent, and how long ticks take to turn."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from services.messaging.messages.domain import Direction
from services.messaging.receipts.recording import Derived

_MINUTE: Final = 60.0
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_BUCKETS: Final = (
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
    *(_MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 4 * _HOUR, 12 * _HOUR),
    *(_DAY, 3 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY),
)


class Metrics:
    """Counts messages, and measures the way from each state of a practice's message to the next."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._messages = Counter(
            "praxispost_messages", "Messages stored, by direction.", ["direction"], registry=registry
        )
        self._latency = Histogram(
            "praxispost_receipt_latency_seconds",
            "Time from one state of a practice's message to the next.",
            ["stage"],
            registry=registry,
            buckets=_BUCKETS,
        )

    def stored(self, direction: Direction) -> None:
        """A message was stored."""
        self._messages.labels(direction.name.lower()).inc()

    def derived(self, derived: Iterable[Derived]) -> None:
        """Receipts may have changed."""
        for each in derived:
            if each.message.direction is Direction.TO_PATIENT:
                self._measure(each)

    def _measure(self, derived: Derived) -> None:
        before, after = derived.message.receipt, derived.receipt
        if before.sent_at is None:
            self._observe("queued_to_sent", derived.message.queued_at, after.sent_at)
        if before.received_at is None:
            self._observe("sent_to_received", after.sent_at, after.received_at)
        if before.read_at is None:
            self._observe("received_to_read", after.received_at, after.read_at)

    def _observe(self, stage: str, since: datetime | None, until: datetime | None) -> None:
        if since is not None and until is not None:
            self._latency.labels(stage).observe(max(0.0, (until - since).total_seconds()))
