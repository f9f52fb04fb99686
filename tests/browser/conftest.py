"""The running system or one of its own, and one browser, for all tests of this folder; each test has its own
people and windows."""

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from deploy.local import address_book
from deploy.local.address_book import AddressBook
from deploy.local.system import RUN_FOLDER, temporary_system
from scripts.setup.browser import chromium
from tests.browser.house import House
from tests.browser.windows import PATIENCE_MILLISECONDS, Windows
from tests.story.stage import stage_on

# Chromium calls nobody but the portal, and needs no sandbox of its own where root runs the tests.
_FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    *(("--no-sandbox",) if os.geteuid() == 0 else ()),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make test` look at nothing but its own checkout's system."""
    text = "start a system for these tests, even where one runs"
    parser.addoption("--own-system", action="store_true", help=text)


@pytest.fixture(scope="session")
def book(pytestconfig: pytest.Config) -> Iterator[AddressBook]:
    """Where everything is: in the system that runs, as for `make story`, or in one that is gone after the
    tests."""
    own = bool(pytestconfig.getoption("--own-system"))
    running = None if own else address_book.find(RUN_FOLDER)
    if running is not None:
        yield running
        return
    with temporary_system() as started:
        yield started.address_book


@pytest.fixture(scope="session")
def house(book: AddressBook) -> Iterator[House]:
    """The people in it."""
    with stage_on(book) as stage:
        yield House(stage, book.portal_url)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """The machine's Chromium."""
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    started = playwright.chromium.launch(executable_path=str(chromium()), args=_FLAGS)
    yield started
    started.close()


@pytest.fixture
def windows(browser: Browser, house: House, request: pytest.FixtureRequest) -> Iterator[Windows]:
    """Opens this test's windows; fails the test where a page wrote an error to its console."""
    opened = Windows(browser, house.portal_url, _name(request.node.name))
    yield opened
    opened.close()
    assert not opened.complaints, opened.complaints


def _name(test: str) -> str:
    return re.sub(r"\W+", "-", test.removeprefix("test_")).strip("-")
