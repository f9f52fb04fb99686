"""How staff come in."""

from playwright.sync_api import expect

from tests.browser.house import House
from tests.browser.windows import Windows, violations
from tests.story.cast import STAFF_PASSWORD


def test_staff_log_in_and_out(house: House, windows: Windows) -> None:
    _, admin = house.practice()
    page = windows.desktop()
    page.goto("/practice/login")
    windows.picture(page, "form")
    assert violations(page) == []
    page.get_by_label("E-Mail-Adresse").fill(admin.email)
    page.get_by_label("Passwort").fill("wrong and long enough")
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("alert")).to_contain_text("stimmen nicht")
    expect(page.get_by_label("E-Mail-Adresse")).to_have_value(admin.email)
    page.get_by_label("Passwort").fill(STAFF_PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Patienten-Nachrichten")
    windows.picture(page, "inbox")
    page.get_by_role("button", name="Abmelden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden für Praxen")
    page.goto("/practice/inbox")
    expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden für Praxen")
