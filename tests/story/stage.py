"""Sets the stage on a running system, of which only the address book is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local.address_book import AddressBook
from deploy.local.catcher.client import CatcherClient
from tests.story.callers import program
from tests.story.cast import Stage
from tests.story.post import Post


@contextmanager
def stage_on(book: AddressBook) -> Iterator[Stage]:
    """The stage on this system, with its post, operator and portal."""
    catcher = CatcherClient(book.catcher_url)
    try:
        operator, portal = (program(book.targets, account) for account in (book.operator, book.portal))
        yield Stage(book.targets, Post(catcher), operator, portal)
    finally:
        catcher.close()
