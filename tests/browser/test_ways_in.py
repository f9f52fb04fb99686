"""The other ways in: a forgotten password, a new number, help, and prompts that reached the wrong person."""

import re

from playwright.sync_api import Page, expect

from tests.browser.house import House
from tests.browser.windows import Windows, violations
from tests.story.cast import eventually, message_to
from tests.story.hard_cases.access import access_of

_NEW_PASSWORD = "Laternen im Nebel 9"


def test_a_forgotten_password_is_replaced(house: House, windows: Windows) -> None:
    practice, _ = house.practice()
    patient = house.patient(practice)
    session = house.registered(patient)
    page = windows.phone(session=session)
    page.goto("/login?fresh=1")
    page.get_by_role("link", name="Passwort vergessen").click()
    _look(windows, page, "details")
    page.get_by_label("E-Mail-Adresse").fill(patient.contact.email)
    page.get_by_label("Handynummer").fill(patient.contact.mobile)
    page.get_by_label("Neues Passwort").fill(_NEW_PASSWORD)
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Schritt 2 von 3")
    _look(windows, page, "email-code")
    page.get_by_label("Code aus der E-Mail").fill(house.stage.post.mailed_code(patient.contact.email))
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Schritt 3 von 3")
    code = house.stage.post.texted_code(patient.contact.mobile)
    page.get_by_label("Code aus der SMS").fill("000000" if code != "000000" else "111111")
    page.get_by_role("button", name="Passwort ändern").click()
    expect(page.get_by_role("alert")).to_contain_text("stimmt nicht oder gilt nicht mehr")
    _look(windows, page, "wrong-code")
    page.get_by_label("Code aus der SMS").fill(code)
    page.get_by_role("button", name="Passwort ändern").click()
    expect(page.get_by_role("status")).to_contain_text("Ihr neues Passwort gilt.")
    _look(windows, page, "done")
    page.get_by_label("E-Mail-Adresse").fill(patient.contact.email)
    page.get_by_label("Passwort", exact=True).fill(_NEW_PASSWORD)
    page.get_by_role("button", name="Weiter").click()
    page.get_by_label("Code aus der SMS").fill(house.stage.post.texted_code(patient.contact.mobile))
    page.get_by_role("button", name="Anmelden").click()
    page.wait_for_url("**/mailbox")


def test_not_for_me_takes_the_reference_of_the_link_and_tells_the_practice(
    house: House, windows: Windows
) -> None:
    practice, _ = house.practice()
    patient = house.patient(practice)
    practice.admin.messages.SendMessage(message_to(patient.id))
    link = re.search(r"/m#\S+", house.stage.post.prompt(patient.contact.email).text)
    assert link is not None
    asked: list[str] = []
    page = windows.phone()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(link.group())
    page.get_by_role("link", name="Nicht für mich").click()
    expect(page.get_by_role("textbox")).to_have_count(0)
    _look(windows, page, "form")
    page.get_by_role("button", name="Melden: nicht für mich").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Danke, wir haben es weitergegeben")
    _look(windows, page, "done")
    reference = link.group().partition("#")[2]
    assert all(reference not in url.partition("#")[0] for url in asked)
    eventually(
        lambda: access_of(practice.admin, patient.id),
        lambda access: access.not_for_me,
        "the practice learns that the prompt reached somebody else",
    )


def test_not_for_me_takes_a_link_that_was_copied(house: House, windows: Windows) -> None:
    page = windows.phone()
    page.goto("/not-for-me")
    _look(windows, page, "form")
    page.get_by_label("Der Link aus der E-Mail").fill("https://post.example/m")
    page.get_by_role("button", name="Melden").click()
    expect(page.get_by_text("nicht der ganze Link")).to_be_visible()
    expect(page.get_by_label("Der Link aus der E-Mail")).to_have_value("https://post.example/m")
    _look(windows, page, "half-a-link")
    page.get_by_label("Der Link aus der E-Mail").fill("https://post.example/m#nobody-has-ever-got-this")
    page.get_by_role("button", name="Melden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Danke, wir haben es weitergegeben")


def test_help_leads_on(windows: Windows) -> None:
    page = windows.phone()
    page.goto("/help")
    _look(windows, page, "closed")
    page.get_by_text("Die SMS kommt nicht").click()
    expect(page.get_by_text("SMS schicken wir nur, wenn")).to_be_visible()
    page.get_by_text("Ich weiß mein Passwort nicht mehr").press("Enter")
    _look(windows, page, "open")
    page.get_by_role("link", name="Neues Passwort").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Passwort vergessen")
    page.goto("/new-number")
    _look(windows, page, "new-number")


def test_the_pages_fit_small_screens_in_english(windows: Windows) -> None:
    page = windows.phone(language="en", dark=True)
    page.set_viewport_size({"width": 360, "height": 640})
    for path in ("/", "/help", "/new-number", "/not-for-me", "/reset", "/login", "/register"):
        page.goto(path)
        _look(windows, page, path.strip("/") or "landing")


def _look(windows: Windows, page: Page, name: str) -> None:
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    windows.picture(page, name)
