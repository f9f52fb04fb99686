"""How a patient with an account comes in and goes out."""

import re
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.house import House
from tests.browser.windows import Windows, violations
from tests.story.cast import PERSON_PASSWORD, Contact, unique_email


@dataclass(frozen=True, slots=True)
class Owner:
    """A person with an account."""

    contact: Contact
    session: str


def test_a_patient_logs_in_and_out(house: House, windows: Windows) -> None:
    owner = _owner(house)
    page = windows.phone()
    page.goto("/login")
    expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
    _look(windows, page, "form")
    _give(page, owner.contact.email, PERSON_PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_have_text("Code aus der SMS")
    _look(windows, page, "code")
    code = house.stage.post.texted_code(owner.contact.mobile)
    page.get_by_label("Code aus der SMS").fill("000000" if code != "000000" else "111111")
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("alert")).to_contain_text("Das hat nicht gestimmt")
    _look(windows, page, "wrong-code")
    page.get_by_label("Code aus der SMS").fill(f"{code[:3]} {code[3:]}")
    page.get_by_role("button", name="Anmelden").click()
    page.wait_for_url("**/mailbox")
    page.goto("/login")
    page.wait_for_url("**/mailbox")


def test_one_comes_to_the_page_one_wanted(house: House, windows: Windows) -> None:
    owner = _owner(house)
    page = windows.phone()
    page.goto("/login?next=%2Fsettings%3Fa%3Db")
    _give(page, owner.contact.email, PERSON_PASSWORD)
    page.get_by_label("Code aus der SMS").fill(house.stage.post.texted_code(owner.contact.mobile))
    page.get_by_role("button", name="Anmelden").click()
    page.wait_for_url("**/settings?a=b")


def test_a_stranger_sees_the_same_as_the_owner_without_the_code(house: House, windows: Windows) -> None:
    page = windows.phone()
    page.goto("/login")
    _give(page, unique_email("niemand"), "wrong and long enough")
    expect(page.get_by_role("heading", level=1)).to_have_text("Code aus der SMS")
    page.get_by_label("Code aus der SMS").fill("123456")
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("alert")).to_contain_text("Das hat nicht gestimmt")
    page.get_by_role("link", name="Noch einmal beginnen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")


def test_the_language_is_chosen_and_stays(windows: Windows) -> None:
    page = windows.phone()
    page.goto("/login?next=%2Fsettings")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")
    assert page.url.endswith("/login?next=%2Fsettings")
    _look(windows, page, "english")
    page.goto("/")
    expect(page.get_by_role("link", name="I have an account: Log in")).to_be_visible()


def _owner(house: House) -> Owner:
    practice, _ = house.practice()
    patient = house.patient(practice)
    return Owner(patient.contact, house.registered(patient))


def _give(page: Page, email: str, password: str) -> None:
    page.get_by_label("E-Mail-Adresse").fill(email)
    page.get_by_label(re.compile("^Passwort$")).fill(password)
    page.get_by_role("button", name="Weiter").click()


def _look(windows: Windows, page: Page, name: str) -> None:
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    windows.picture(page, name)
