"""`make bench`: how long the portal's pages take in a large practice. It reports and judges nothing."""

import argparse
import time

from deploy.local import address_book
from deploy.local.address_book import AddressBook
from deploy.local.system import RUN_FOLDER, temporary_system
from tests.bench import crowd
from tests.bench.pages import WANTED_P95_SECONDS, Page, measure
from tests.browser.house import House
from tests.story.stage import stage_on

_BASELINE = "login (asks nobody)"


def _tell(text: str) -> None:
    print(text, flush=True)


def _pages(house: House, conversations: int, messages: int) -> list[Page]:
    """Makes the practice; returns what is to be measured."""
    begun = time.monotonic()
    practice, admin = house.practice("Großpraxis am Bahnhof")
    staff = admin.caller
    patient_ids = crowd.record_all(staff, crowd.contacts(conversations - 1))
    _tell(f"recorded {len(patient_ids):,} patients after {time.monotonic() - begun:.0f} s")
    sent = crowd.write_to_all(staff, patient_ids)
    _tell(f"wrote to each of them after {time.monotonic() - begun:.0f} s")
    reader = house.patient(practice)
    session = house.registered(reader)
    patient = house.account(session)
    crowd.fill_mailbox(staff, practice.id, reader.id, patient, messages=messages, answers=messages // 4)
    crowd.until_prompted(staff, sent)
    _tell(f"all prompts are out after {time.monotonic() - begun:.0f} s")
    return [
        Page(_BASELINE, "/practice/login"),
        Page("inbox", "/practice/inbox", "__Host-staff", admin.session),
        Page("patients", "/practice/patients", "__Host-staff", admin.session),
        Page("patient's card", f"/practice/patients/{reader.id}", "__Host-staff", admin.session),
        Page("mailbox", "/mailbox", "__Host-account", session),
    ]


def _run(book: AddressBook, conversations: int, requests: int, messages: int) -> None:
    with stage_on(book) as stage:
        pages = _pages(House(stage, book.portal_url), conversations, messages)
    _tell(f"{conversations:,} conversations, {messages} messages in the mailbox, {requests} requests each:")
    measured = measure(book.portal_url, pages, requests)
    for each in measured:
        met = "" if each.page.name == _BASELINE else _met(each.p95)
        _tell(f"  {each}{met}")


def _met(p95: float) -> str:
    said = "met" if p95 <= WANTED_P95_SECONDS else "MISSED"
    return f"   wanted p95 ≤ {WANTED_P95_SECONDS * 1000:.0f} ms: {said}"


def main() -> None:
    """On the system that runs, or on one of its own."""
    arguments = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    arguments.add_argument("--conversations", type=int, default=10_000)
    arguments.add_argument("--requests", type=int, default=200)
    arguments.add_argument("--messages", type=int, default=50, help="in the measured mailbox")
    given = arguments.parse_args()
    running = address_book.find(RUN_FOLDER)
    if running is not None:
        _run(running, given.conversations, given.requests, given.messages)
        return
    with temporary_system() as system:
        _run(system.address_book, given.conversations, given.requests, given.messages)


if __name__ == "__main__":
    main()
