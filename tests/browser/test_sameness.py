"""Nobody can tell from the ways in whether somebody has an account or is a patient anywhere: the same bytes
and status for the known and the unknown (TRUST, enumeration)."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Response

from tests.browser.house import House
from tests.browser.windows import Windows
from tests.story.cast import PERSON_PASSWORD, Contact, unique_email, unique_mobile

_TOKEN = re.compile(rb'(name="form-token" content|name="form_token" value)="[^"]*"')
Seen = tuple[str, int, bytes]


@pytest.fixture
def known(house: House) -> Contact:
    """A patient with an account."""
    practice, _ = house.practice()
    patient = house.patient(practice)
    house.registered(patient)
    return patient.contact


@pytest.fixture
def unknown() -> Contact:
    """Whom nobody knows."""
    return Contact("Niemand", "Niemals", "1980-01-01", unique_email("niemand"), unique_mobile())


def test_registering_looks_the_same(windows: Windows, house: House, known: Contact, unknown: Contact) -> None:
    def registered(contact: Contact) -> list[Seen]:
        page = windows.phone()
        page.goto("/register")
        page.get_by_label("E-Mail-Adresse").fill(contact.email)
        page.get_by_label("Handynummer").fill(contact.mobile)
        page.get_by_label("Neues Passwort").fill(PERSON_PASSWORD)
        seen = [_pressed(page, "Weiter")]
        page.get_by_label("Code aus der E-Mail").fill(house.stage.post.mailed_code(contact.email))
        seen.append(_pressed(page, "Weiter"))
        page.get_by_label("Code aus der SMS").fill("123456")
        seen += [_pressed(page, "Weiter"), _pressed(page, "SMS noch einmal senden")]
        return [(path, status, _without(contact, body)) for path, status, body in seen]

    assert registered(known) == registered(unknown)


def test_logging_in_looks_the_same(windows: Windows, known: Contact, unknown: Contact) -> None:
    def logged_in(email: str, password: str) -> list[Seen]:
        page = windows.phone()
        page.goto("/login")
        page.get_by_label("E-Mail-Adresse").fill(email)
        page.get_by_label("Passwort", exact=True).fill(password)
        seen = [_pressed(page, "Weiter")]
        page.get_by_label("Code aus der SMS").fill("123456")
        return [*seen, _pressed(page, "Anmelden")]

    right = logged_in(known.email, PERSON_PASSWORD)
    assert right == logged_in(known.email, "Kastanien am Fluss 4")
    assert right == logged_in(unknown.email, PERSON_PASSWORD)


def test_a_reset_looks_the_same(windows: Windows, known: Contact, unknown: Contact) -> None:
    def reset(email: str, mobile: str) -> list[Seen]:
        page = windows.phone()
        page.goto("/reset")
        page.get_by_label("E-Mail-Adresse").fill(email)
        page.get_by_label("Handynummer").fill(mobile)
        page.get_by_label("Neues Passwort").fill("Laternen im Nebel 9")
        seen = [_pressed(page, "Weiter")]
        page.get_by_label("Code aus der E-Mail").fill("123456")
        return [*seen, _pressed(page, "Weiter")]

    right = reset(known.email, known.mobile)
    assert right == reset(known.email, unknown.mobile)
    assert right == reset(unknown.email, unknown.mobile)


def _without(contact: Contact, body: bytes) -> bytes:
    """The page without what the person typed, which it repeats."""
    return body.replace(contact.email.encode(), b"").replace(contact.mobile.encode(), b"")


def _pressed(page: Page, button: str) -> Seen:
    """Address, status and bytes of the page that a button led to, apart from its form tokens."""
    with page.expect_response(_is_page) as led_to:
        page.get_by_role("button", name=button).click()
    return urlsplit(led_to.value.url).path, led_to.value.status, _TOKEN.sub(b"", led_to.value.body())


def _is_page(response: Response) -> bool:
    return response.request.resource_type == "document" and response.status != 303
