"""How staff see what came, what went and what waits for somebody."""

import pytest
from playwright.sync_api import expect

from tests.browser.busy_practice import BusyPractice, busy_practice
from tests.browser.house import House
from tests.browser.windows import Windows, violations


@pytest.fixture(scope="module")
def busy(house: House) -> BusyPractice:
    return busy_practice(house)


def test_an_empty_inbox_says_how_to_begin(house: House, windows: Windows) -> None:
    _, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.goto("/practice/inbox")
    expect(page.get_by_text("Noch keine Nachrichten.")).to_be_visible()
    expect(page.get_by_role("link", name="Nachricht senden")).to_have_attribute("href", "/practice/new")
    assert violations(page) == []
    windows.picture(page, "inbox")
    page.get_by_role("link", name="Nicht angekommen").click()
    expect(page.get_by_text("Alle Hinweise sind angekommen.")).to_be_visible()


def test_what_waits_for_somebody_comes_first(busy: BusyPractice, windows: Windows) -> None:
    page = windows.desktop(session=busy.admin.session)
    page.goto("/practice/inbox")
    waiting = page.get_by_role("region", name="Wartet auf jemanden")
    expect(waiting.get_by_role("listitem")).to_have_count(3)
    erika = waiting.get_by_role("listitem").filter(has_text="Mustermann, Erika")
    expect(erika).to_contain_text("geb. 12.08.1964")
    expect(erika).to_contain_text("neue Antwort")
    expect(erika).to_contain_text("Jonas Weber schreibt gerade")
    expect(erika).to_contain_text("Antwort auf „Ihre Laborwerte vom 12. November“")
    expect(waiting.get_by_role("listitem").filter(has_text="Weggezogen")).to_contain_text("nicht angekommen")
    rest = page.get_by_role("region", name="Weitere")
    expect(rest.get_by_role("listitem").filter(has_text="Hohenlohe")).to_contain_text("für Jonas Weber")
    expect(rest.get_by_role("listitem").filter(has_text="Großmann")).to_contain_text("erledigt")
    expect(rest.get_by_role("listitem").filter(has_text="Offen, Oskar")).to_contain_text("Entwurf")
    assert violations(page) == []
    windows.picture(page, "inbox")


@pytest.mark.parametrize("dark", [False, True])
def test_the_inbox_fits_on_a_narrow_screen(busy: BusyPractice, windows: Windows, dark: bool) -> None:
    page = windows.desktop(session=busy.admin.session, dark=dark)
    page.set_viewport_size({"width": 360, "height": 780})
    page.goto("/practice/inbox")
    expect(page.get_by_role("listitem").filter(has_text="Hohenlohe")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(page) == []
    windows.picture(page, "narrow")


def test_the_inbox_is_dark_where_people_want_that(busy: BusyPractice, windows: Windows) -> None:
    page = windows.desktop(session=busy.colleague.session, dark=True)
    page.goto("/practice/inbox")
    expect(page.get_by_role("listitem").filter(has_text="Hohenlohe")).to_contain_text("für mich")
    assert violations(page) == []
    windows.picture(page, "dark")
