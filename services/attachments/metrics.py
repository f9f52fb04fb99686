"""What attachments counts."""

from enum import StrEnum
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class ScanResult(StrEnum):
    """What came of a scan; `FAILED`: the scanner was not reached, or did not say."""

    CLEAN = "clean"
    FOUND = "found"
    FAILED = "failed"


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
        seconds = Histogram(
            "praxispost_attachment_scan_seconds",
            "How long a document waited for the malware scanner, all together.",
            ("result",),
            registry=registry,
            buckets=_SECONDS,
        )
        self._scans = {result: seconds.labels(result) for result in ScanResult}

    def scanned(self, result: ScanResult, seconds: float) -> None:
        """One document was, or was not, scanned."""
        self._scans[result].observe(seconds)
