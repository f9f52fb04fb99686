"""How long the portal takes for a page, beside one that asks no other service."""

import http.client
import math
import statistics
import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

WANTED_P95_SECONDS: Final = 0.050


@dataclass(frozen=True, slots=True)
class Page:
    """A path, and the cookie of who looks at it; without one nobody is logged in."""

    name: str
    path: str
    cookie: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds from a request to the last byte of its answer, one request after the other."""

    page: Page
    median: float
    p95: float
    size: int

    def __str__(self) -> str:
        return (
            f"GET {self.page.name:20} median {self.median * 1000:6.1f} ms   p95 {self.p95 * 1000:6.1f} ms"
            f"   {self.size / 1000:6.1f} kB"
        )


def measure(portal_url: str, pages: list[Page], count: int) -> list[Measured]:
    """Asks for the pages in turn, each so many times: whatever else the machine does meets all alike."""
    connection = http.client.HTTPConnection(urlsplit(portal_url).netloc, timeout=30)
    seconds: dict[Page, list[float]] = {page: [] for page in pages}
    sizes = {page: _get(connection, page)[1] for page in pages}
    for _ in range(count):
        for page in pages:
            seconds[page].append(_get(connection, page)[0])
    connection.close()
    return [
        Measured(page, statistics.median(taken), sorted(taken)[math.ceil(0.95 * count) - 1], sizes[page])
        for page, taken in seconds.items()
    ]


def _get(connection: http.client.HTTPConnection, page: Page) -> tuple[float, int]:
    headers = {"Cookie": f"{page.cookie}={page.session}"} if page.cookie else {}
    begun = time.perf_counter()
    connection.request("GET", page.path, headers=headers)
    answer = connection.getresponse()
    content = answer.read()
    took = time.perf_counter() - begun
    assert answer.status == http.client.OK, f"{page.path}: {answer.status}"
    return took, len(content)
