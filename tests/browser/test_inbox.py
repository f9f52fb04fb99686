"""How staff see what came, what went and what waits for somebody."""

import pytest
from playwright.sync_api import expect

from praxispost.messaging.v1 import work_pb2
from tests.browser.busy_practice import BusyPractice, answer, busy_practice, opened, sent
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


def test_the_inbox_follows_and_keeps_what_one_is_at(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    lotte = sent(practice.admin, house.patient(practice, "Lotte", "Großmann"), "Ihr Rezept")
    erika = house.patient(practice)
    message = sent(practice.admin, erika, "Ihre Laborwerte")
    reader = house.account(house.registered(erika))
    page = windows.desktop(session=admin.session)
    with page.expect_response("**/practice/events"):
        page.goto("/practice/inbox")
    link = page.get_by_role("link", name="Großmann, Lotte")
    link.focus()
    page.evaluate("window.row = document.activeElement")
    opened(reader, practice, message.message_id)
    expect(page.locator(f"#row-{message.conversation_id} .receipt.read")).to_be_visible()
    expect(link).to_be_focused()
    assert page.evaluate("window.row.isConnected")
    answer(reader, practice, message.message_id, "Danke.")
    waiting = page.get_by_role("region", name="Wartet auf jemanden")
    expect(waiting.get_by_role("listitem").filter(has_text="neue Antwort")).to_be_visible()
    expect(page.get_by_role("link", name="Neue Antworten 1")).to_be_visible()
    expect(link).to_be_focused()
    lotte_again = work_pb2.MarkDoneRequest(conversation_id=lotte.conversation_id)
    admin.caller.work.MarkDone(lotte_again)
    expect(page.get_by_role("listitem").filter(has_text="Großmann")).to_contain_text("erledigt")
    expect(link).to_be_focused()
    expect(page.locator("#badge")).to_contain_text("1 wartet auf jemanden")


def test_conversations_are_found_by_patient_as_one_types(busy: BusyPractice, windows: Windows) -> None:
    page = windows.desktop(session=busy.admin.session)
    page.goto("/practice/inbox")
    search = page.get_by_role("searchbox")
    search.press_sequentially("hohen")
    rows = page.get_by_role("listitem").filter(has_text="geb.")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Hohenlohe")
    expect(search).to_be_focused()
    assert violations(page) == []
    windows.picture(page, "found")
    search.fill("12.08.1964 kaya")
    expect(rows).to_contain_text("Kaya, Mehmet")
    search.fill("Niemandsland")
    expect(page.get_by_text("Niemand mit diesem Namen")).to_be_visible()
    windows.picture(page, "nobody")
    search.fill("x")
    expect(page.get_by_text("mindestens zwei Buchstaben")).to_be_visible()
    search.fill("")
    expect(page.get_by_role("region", name="Wartet auf jemanden")).to_be_visible()
    assert page.url.endswith("/practice/inbox")


def test_a_patient_without_messages_is_found_too(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    nora = house.patient(practice, "Nora", "Neuhaus")
    page = windows.desktop(session=admin.session)
    page.goto("/practice/inbox")
    page.get_by_role("searchbox").fill("neuh")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_text("Noch ohne Nachrichten")).to_be_visible()
    link = page.get_by_role("link", name="Neuhaus, Nora")
    expect(link).to_have_attribute("href", f"/practice/patients/{nora.id}")


def test_views_show_what_they_say(busy: BusyPractice, windows: Windows) -> None:
    page = windows.desktop(session=busy.colleague.session)
    page.goto("/practice/inbox")
    for view, name in (
        ("Nicht angekommen", "Weggezogen, Konrad"),
        ("Ungelesen und fällig", "Säumig, Bernd"),
        ("Neue Antworten", "Mustermann, Erika"),
        ("Mir zugewiesen", "Hohenlohe"),
        ("Von mir gesendet", "Hohenlohe"),
        ("Erledigt", "Großmann, Lotte"),
    ):
        link = page.get_by_role("navigation", name="Ansicht").get_by_role("link", name=view)
        link.click()
        expect(link).to_have_attribute("aria-current", "page")
        rows = page.get_by_role("listitem").filter(has_text="geb.")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text(name)


def test_many_conversations_come_in_pages(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    for number in range(1, 56):
        sent(practice.admin, house.patient(practice, "Vera", f"Viel {number:02}"), f"Betreff {number}")
    page = windows.desktop(session=admin.session)
    page.goto("/practice/inbox")
    rows = page.get_by_role("listitem").filter(has_text="geb.")
    expect(rows).to_have_count(50)
    page.get_by_role("link", name="Ältere zeigen").click()
    expect(rows).to_have_count(5)
    expect(rows.last).to_contain_text("Viel 01")
    page.get_by_role("link", name="Zu den neuesten").click()
    expect(rows.first).to_contain_text("Viel 55")
    windows.picture(page, "many")


def test_the_inbox_is_walked_by_keyboard(busy: BusyPractice, windows: Windows) -> None:
    page = windows.desktop(session=busy.admin.session)
    page.goto("/practice/inbox")
    page.get_by_role("link", name="Erledigt").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Mustermann, Erika")).to_be_focused()
    windows.picture(page, "focus")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Erika Mustermann")
