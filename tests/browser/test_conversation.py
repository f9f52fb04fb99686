"""How staff read and follow a conversation with a patient."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.busy_practice import (
    BusyPractice,
    busy_practice,
)
from tests.browser.house import House
from tests.browser.windows import Windows, violations


@pytest.fixture(scope="module")
def busy(house: House) -> BusyPractice:
    return busy_practice(house)


def _go(page: Page, conversation_id: str) -> None:
    """Opens a conversation, and waits until its hints come."""
    with page.expect_response("**/practice/events"):
        page.goto(f"/practice/conversations/{conversation_id}")


def test_an_answer_is_read_when_somebody_looks(busy: BusyPractice, windows: Windows) -> None:
    page = windows.desktop(session=busy.admin.session)
    page.goto("/practice/inbox")
    page.get_by_role("link", name="Mustermann, Erika").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Erika Mustermann")
    expect(page.get_by_text("Muss ich noch einmal zur Blutabnahme kommen?")).to_be_visible()
    expect(page.get_by_text("Jonas Weber schreibt gerade")).to_be_visible()
    expect(page.locator(".bubble.ours .receipt.read")).to_have_count(1)
    expect(page.locator("#state")).not_to_contain_text("neue Antwort")
    assert violations(page) == []
    windows.picture(page, "read")
    mark = page.locator(".bubble.ours .receipt-mark")
    mark.focus()
    page.keyboard.press("Enter")
    facts = page.locator(".receipt-facts:popover-open")
    expect(facts).to_contain_text("von Patient:in.")
    assert violations(page) == []
    windows.picture(page, "receipt")
    page.keyboard.press("Escape")
    expect(facts).to_have_count(0)
    mark.hover()
    expect(facts).to_contain_text("Geöffnet")
