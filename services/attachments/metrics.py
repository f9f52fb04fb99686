"""What attachments counts."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class Metrics:
    """Counters, and one fact, without a label of a person or practice."""

    def __init__(self, registry: CollectorRegistry) -> None:
        transferred = Counter(
            "praxispost_attachments_bytes",
            "Bytes of documents taken in (up) and given out (down).",
            ("direction",),
            registry=registry,
        )
        self.up = transferred.labels("up")
        self.down = transferred.labels("down")
        self.decoder_confined = Gauge(
            "praxispost_attachments_decoder_confined",
            "Whether the system confines the program that decodes photos.",
            registry=registry,
        )
