"""What is measured of the events that go out and come in."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class OutboxMetrics:
    """The events that wait to be published, and what came of the others."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.oldest_age = Gauge(
            "praxispost_outbox_oldest_age_seconds",
            "Age of the oldest event that is not published yet, 0 without one.",
            registry=registry,
        )
        self.pending = Gauge(
            "praxispost_outbox_pending", "Events that are not published yet.", registry=registry
        )
        self.published = Counter(
            "praxispost_outbox_published_total",
            "Events given to RabbitMQ, by result: confirmed, returned (no queue wants it) or nacked.",
            ["result"],
            registry=registry,
        )


class InboxMetrics:
    """The events that wait to be handled, and what came of the others."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.oldest_age = Gauge(
            "praxispost_inbox_oldest_age_seconds",
            "Age of the oldest event that is not done yet, 0 without one; dead ones do not count.",
            registry=registry,
        )
        self.pending = Gauge("praxispost_inbox_pending", "Events that are not done yet.", registry=registry)
        self.dead = Gauge("praxispost_inbox_dead", "Events that were given up.", registry=registry)
        self.handled = Counter(
            "praxispost_inbox_handled_total",
            "Tries to handle an event, by result: done, failed (comes again) or dead.",
            ["event", "result"],
            registry=registry,
        )
        self.handling = Histogram(
            "praxispost_inbox_handling_seconds",
            "How long a handler took; of events that were handled together each has its share.",
            ["event"],
            buckets=_SECONDS,
            registry=registry,
        )


class IntakeMetrics:
    """The events that RabbitMQ delivered."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.received = Counter(
            "praxispost_intake_received_total",
            "Deliveries, by result: stored, repeated (was in the inbox already) or rejected (no envelope).",
            ["result"],
            registry=registry,
        )
