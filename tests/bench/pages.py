"""How long the portal takes for its pages in a large practice, beside one that asks no other service."""

import http.client
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from tests.bench import crowd
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_most
from tests.bench.latencies import percentile

_WANTED: Final = at_most(50.0)


@dataclass(frozen=True, slots=True)
class Page:
    """A path, and the cookie of who looks at it; without one nobody is logged in."""

    name: str
    path: str
    cookie: str = ""
    session: str = ""


_BASELINE: Final = Page("login", "/practice/login")


def measure(bench: Bench) -> Iterator[Figure]:
    """The p95 of each page in milliseconds, one request after the other."""
    conversations, requests = (60, 5) if bench.short else (10_000, 200)
    pages = _pages(bench, conversations)
    taken = _ask(bench.house.portal_url, [_BASELINE, *pages], requests)
    baseline = _p95_ms(taken[_BASELINE])
    for page in pages:
        name = f"portal: {page.name}, {conversations:,} conversations, p95"
        yield Figure(name, _p95_ms(taken[page]), "ms", baseline, _WANTED)


def _pages(bench: Bench, conversations: int) -> list[Page]:
    """Makes the practice; returns what is to be measured."""
    house = bench.house
    practice, admin = house.practice("Großpraxis am Bahnhof")
    staff = admin.caller
    patient_ids = crowd.record_all(staff, crowd.contacts(conversations - 1))
    sent = crowd.write_to_all(staff, patient_ids)
    reader = house.patient(practice)
    session = house.registered(reader)
    crowd.fill_mailbox(staff, practice.id, reader.id, house.account(session), messages=50, answers=12)
    crowd.until_prompted(staff, sent)
    bench.tell(f"a practice of {conversations:,} conversations is made, its prompts are out")
    return [
        Page("inbox", "/practice/inbox", "__Host-staff", admin.session),
        Page("patients", "/practice/patients", "__Host-staff", admin.session),
        Page("patient's card", f"/practice/patients/{reader.id}", "__Host-staff", admin.session),
        Page("mailbox of 50 messages", "/mailbox", "__Host-account", session),
    ]


def _ask(portal_url: str, pages: list[Page], count: int) -> dict[Page, list[float]]:
    """Asks for the pages in turn, each so many times: whatever else the machine does meets all alike."""
    connection = http.client.HTTPConnection(urlsplit(portal_url).netloc, timeout=30)
    seconds: dict[Page, list[float]] = {page: [] for page in pages}
    for turn in range(count + 1):
        for page in pages:
            took = _get(connection, page)
            if turn > 0:  # the first warms
                seconds[page].append(took)
    connection.close()
    return seconds


def _p95_ms(seconds: list[float]) -> float:
    return percentile(seconds, 95) * 1000


def _get(connection: http.client.HTTPConnection, page: Page) -> float:
    headers = {"Cookie": f"{page.cookie}={page.session}"} if page.cookie else {}
    begun = time.perf_counter()
    connection.request("GET", page.path, headers=headers)
    answer = connection.getresponse()
    answer.read()
    took = time.perf_counter() - begun
    assert answer.status == http.client.OK, f"{page.path}: {answer.status}"
    return took
