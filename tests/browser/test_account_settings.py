"""What a person changes of the own account."""

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from praxispost.identity.v1.account_changes_pb2 import (
    ConfirmContactChangeRequest,
    StartContactChangeRequest,
)
from praxispost.identity.v1.account_changes_pb2_grpc import AccountChangeServiceStub
from tests.browser.house import House, Patient
from tests.browser.windows import Windows, violations
from tests.story.cast import (
    PERSON_PASSWORD,
    Contact,
    Practice,
    message_to,
    refusal_of,
    unique_email,
    unique_mobile,
)

_NEW_PASSWORD = "Laternen im Nebel 9"


@dataclass(frozen=True, slots=True)
class Owner:
    """A patient of a practice, with an account."""

    practice: Practice
    patient: Patient
    session: str

    @property
    def contact(self) -> Contact:
        """What the practice has of the patient."""
        return self.patient.contact


def test_all_settings_at_a_glance(house: House, windows: Windows) -> None:
    owner = _owner(house, "Gemeinschaftspraxis für Allgemeinmedizin und Geriatrie an der Lindenallee")
    house.log_in(owner.contact)
    page = windows.phone(session=owner.session)
    page.goto("/mailbox")
    page.get_by_role("link", name="Einstellungen").click()
    expect(page.get_by_text(owner.contact.email)).to_be_visible()
    expect(page.get_by_text("Für Erika Mustermann", exact=True)).to_be_visible()
    _look(windows, page, "phone")
    dark = windows.phone(session=owner.session, language="en", dark=True)
    dark.set_viewport_size({"width": 360, "height": 640})
    dark.goto("/settings")
    _look(windows, dark, "english")
    for width in (640, 320):
        # What 1280 px show at 200 and at 400 %.
        page.set_viewport_size({"width": width, "height": 400})
        for path in (
            "/settings",
            "/settings/contact/email",
            "/settings/password",
            "/settings/delete",
            "/practices",
        ):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


def test_a_new_address_is_proven_and_the_old_one_told(house: House, windows: Windows) -> None:
    owner = _owner(house)
    new = unique_email("neue-adresse")
    page = windows.phone(session=owner.session)
    page.goto("/settings")
    page.get_by_role("link", name=re.compile("Ändern.*E-Mail-Adresse")).click()
    page.get_by_label("Neue E-Mail-Adresse").fill(owner.contact.email)
    page.get_by_label("Ihr Passwort").fill("Kastanien am Fluss 4")
    page.get_by_role("button", name="Code senden").click()
    expect(page.get_by_text("Ihr Passwort ist ein anderes.")).to_be_visible()
    expect(page.get_by_label("Neue E-Mail-Adresse")).to_have_value(owner.contact.email)
    _look(windows, page, "wrong-password")
    page.get_by_label("Ihr Passwort").fill(PERSON_PASSWORD)
    page.get_by_role("button", name="Code senden").click()
    expect(page.get_by_role("alert")).to_contain_text("Das haben Sie schon")
    page.get_by_label("Neue E-Mail-Adresse").fill(new)
    page.get_by_label("Ihr Passwort").fill(PERSON_PASSWORD)
    page.get_by_role("button", name="Code senden").click()
    code = house.stage.post.mailed_code(new)
    page.get_by_label("Code aus der E-Mail").fill("000000" if code != "000000" else "111111")
    page.get_by_role("button", name="Ändern").click()
    expect(page.get_by_role("alert")).to_contain_text("stimmt nicht oder gilt nicht mehr")
    _look(windows, page, "code")
    page.get_by_label("Code aus der E-Mail").fill(code)
    page.get_by_role("button", name="Ändern").click()
    expect(page.get_by_role("status").first).to_contain_text("Ihre neue E-Mail-Adresse gilt.")
    expect(page.get_by_text(new)).to_be_visible()
    house.stage.post.mail_about(owner.contact.email, "Ihre E-Mail-Adresse wurde geändert")
    page.get_by_role("link", name=re.compile("Ändern.*Handynummer")).click()
    page.get_by_label("Neue Handynummer").fill(unique_mobile())
    page.get_by_label("Ihr Passwort").fill(PERSON_PASSWORD)
    page.get_by_role("button", name="Code senden").click()
    expect(page.get_by_role("alert")).to_contain_text("liegt zu Ihrem Schutz ein Tag")
    _look(windows, page, "changed-lately")


def test_a_new_number_is_proven_by_sms(house: House, windows: Windows) -> None:
    owner = _owner(house)
    new = unique_mobile()
    page = windows.phone(session=owner.session)
    page.goto("/settings/contact/mobile")
    page.get_by_label("Neue Handynummer").fill(new)
    page.get_by_label("Ihr Passwort").fill(PERSON_PASSWORD)
    _look(windows, page, "form")
    page.get_by_role("button", name="Code senden").click()
    page.get_by_label("Code aus der SMS").fill(house.stage.post.texted_code(new))
    page.get_by_role("button", name="Ändern").click()
    expect(page.get_by_role("status").first).to_contain_text("Ihre neue Handynummer gilt.")
    expect(page.get_by_text(new)).to_be_visible()


def test_only_who_showed_the_phone_just_now_changes_where_codes_go(house: House, windows: Windows) -> None:
    owner = _owner(house)
    page = windows.phone(session=house.log_in(owner.contact))
    _change_number(house, owner, new := unique_mobile())
    page.goto("/settings/contact/email")
    expect(page.get_by_role("heading", level=1)).to_have_text("Zur Sicherheit")
    _look(windows, page, "proof")
    page.goto("/settings/delete")
    page.get_by_role("link", name="Noch einmal anmelden").click()
    page.get_by_label("E-Mail-Adresse").fill(owner.contact.email)
    page.get_by_label("Passwort", exact=True).fill(PERSON_PASSWORD)
    page.get_by_role("button", name="Weiter").click()
    page.get_by_label("Code aus der SMS").fill(house.stage.post.texted_code(new))
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Konto löschen")


def test_the_password_is_changed_and_others_are_logged_out(house: House, windows: Windows) -> None:
    owner = _owner(house)
    elsewhere = windows.phone(session=house.log_in(owner.contact))
    elsewhere.goto("/settings")
    expect(elsewhere.get_by_text("Ein anderes Gerät")).to_be_visible()
    page = windows.phone(session=owner.session)
    page.goto("/settings")
    page.get_by_role("link", name=re.compile("Ändern.*Passwort")).click()
    page.get_by_label("Bisheriges Passwort").fill("Kastanien am Fluss 4")
    page.get_by_label("Neues Passwort").fill("passwort123")
    page.get_by_role("button", name="Passwort ändern").click()
    expect(page.get_by_text("leicht zu erraten")).to_be_visible()
    _look(windows, page, "weak")
    page.get_by_label("Bisheriges Passwort").fill("Kastanien am Fluss 4")
    page.get_by_label("Neues Passwort").fill(_NEW_PASSWORD)
    page.get_by_role("button", name="Passwort ändern").click()
    expect(page.get_by_text("Ihr Passwort ist ein anderes.")).to_be_visible()
    page.get_by_label("Bisheriges Passwort").fill(PERSON_PASSWORD)
    page.get_by_label("Neues Passwort").fill(_NEW_PASSWORD)
    page.get_by_role("button", name="Passwort ändern").click()
    expect(page.get_by_role("status").first).to_contain_text("Ihr neues Passwort gilt.")
    house.stage.post.mail_about(owner.contact.email, "Ihr Passwort wurde geändert")
    elsewhere.goto("/settings")
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Anmelden")
    assert house.log_in(owner.contact, _NEW_PASSWORD)


def test_other_devices_are_logged_out(house: House, windows: Windows) -> None:
    owner = _owner(house)
    elsewhere = [house.log_in(owner.contact) for _ in range(2)]
    page = windows.phone(session=owner.session)
    page.goto("/settings")
    page.get_by_role("button", name=re.compile("Abmelden.*Angemeldet")).first.click()
    expect(page.get_by_role("status").first).to_have_text("Das Gerät ist abgemeldet.")
    page.get_by_role("button", name="Alle anderen abmelden").click()
    expect(page.get_by_role("status").first).to_have_text("Alle anderen Geräte sind abgemeldet.")
    expect(page.get_by_text("Ein anderes Gerät")).to_have_count(0)
    for session in elsewhere:
        other = windows.phone(session=session)
        other.goto("/settings")
        expect(other.get_by_role("heading", level=1)).to_have_text("Anmelden")


def test_the_language_of_pages_and_codes_is_set(house: House, windows: Windows) -> None:
    owner = _owner(house)
    page = windows.phone(session=owner.session)
    page.goto("/settings")
    page.get_by_label("Seiten, Codes und Mitteilungen").select_option("en")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Settings")
    expect(page.get_by_label("Pages, codes and notices")).to_have_value("en")


def test_a_practice_is_told_not_to_write_and_to_write_again(house: House, windows: Windows) -> None:
    owner = _owner(house)
    page = windows.phone(session=owner.session)
    page.goto("/settings")
    page.get_by_role("button", name="Nicht mehr schreiben").click()
    expect(page.get_by_text("Keine elektronischen Nachrichten")).to_be_visible()
    _look(windows, page, "objected")
    send = owner.practice.admin.messages.SendMessage
    assert "OBJECT" in refusal_of(send, message_to(owner.patient.id)).reason
    page.get_by_role("button", name="Wieder erlauben").click()
    expect(page.get_by_text("Keine elektronischen Nachrichten")).to_have_count(0)
    expect(page.get_by_role("status").first).to_contain_text("wieder schreiben")


def test_a_further_practice_is_confirmed_after_the_login(house: House, windows: Windows) -> None:
    owner = _owner(house)
    second, _ = house.practice("Augenzentrum am Stadtgarten, Dr. Konstanze von Hohenstein-Bergmann")
    second.record(second.admin, owner.contact)
    third, _ = house.practice("Praxis am Hafen")
    third.record(third.admin, owner.contact)
    page = windows.phone()
    page.goto("/login")
    page.get_by_label("E-Mail-Adresse").fill(owner.contact.email)
    page.get_by_label("Passwort", exact=True).fill(PERSON_PASSWORD)
    page.get_by_role("button", name="Weiter").click()
    page.get_by_label("Code aus der SMS").fill(house.stage.post.texted_code(owner.contact.mobile))
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Weitere Praxen möchten Ihnen schreiben")
    _look(windows, page, "offers")
    page.get_by_role("link", name="Später, erst zum Postfach").click()
    expect(page.get_by_text("Weitere Praxen möchten Ihnen schreiben: ")).to_be_visible()
    _look(windows, page, "mailbox")
    page.get_by_role("link", name="Jetzt bestätigen").click()
    eyes = page.get_by_role("region", name=re.compile("Augenzentrum"))
    _give_birth_date(eyes, "13", "8", "1964")
    eyes.get_by_role("button", name="Bestätigen").click()
    expect(page.get_by_role("alert")).to_contain_text("passt nicht zu den Angaben der Praxis")
    _look(windows, page, "wrong-date")
    _give_birth_date(eyes, "12", "8", "1964")
    eyes.get_by_role("button", name="Bestätigen").click()
    expect(page.get_by_role("status").first).to_have_text("Die Praxis ist verknüpft.")
    expect(page.get_by_role("button", name=re.compile("Nicht mehr schreiben.*Augenzentrum"))).to_be_visible()
    page.goto("/practices")
    expect(page.get_by_role("heading", level=2)).to_have_text("Praxis am Hafen")


def test_an_account_is_deleted_and_the_practice_keeps_its_record(house: House, windows: Windows) -> None:
    owner = _owner(house)
    page = windows.phone(session=owner.session)
    page.goto("/settings")
    page.get_by_role("link", name="Konto löschen").click()
    expect(page.get_by_text("Ihre Praxen behalten ihre Unterlagen")).to_be_visible()
    _look(windows, page, "form")
    page.get_by_label("Ihr Passwort").fill("Kastanien am Fluss 4")
    page.get_by_role("button", name="Konto endgültig löschen").click()
    expect(page.get_by_text("Ihr Passwort ist ein anderes.")).to_be_visible()
    page.get_by_label("Ihr Passwort").fill(PERSON_PASSWORD)
    page.get_by_role("button", name="Konto endgültig löschen").click()
    expect(page.get_by_role("status").first).to_have_text("Ihr Konto ist gelöscht.")
    page.goto("/mailbox")
    expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
    owner.practice.admin.messages.SendMessage(message_to(owner.patient.id))


def _owner(house: House, name: str = "Hausarztpraxis am Park") -> Owner:
    practice, _ = house.practice(name)
    patient = house.patient(practice)
    return Owner(practice, patient, house.registered(patient))


def _change_number(house: House, owner: Owner, new: str) -> None:
    """By RPC, in the owner's first session: the phone was shown in no other since."""
    changes = AccountChangeServiceStub(house.account(owner.session).channel("identity"))
    changes.StartContactChange(StartContactChangeRequest(password=PERSON_PASSWORD, mobile=new))
    changes.ConfirmContactChange(ConfirmContactChangeRequest(code=house.stage.post.texted_code(new)))


def _give_birth_date(place: Locator, day: str, month: str, year: str) -> None:
    place.get_by_label("Tag").fill(day)
    place.get_by_label("Monat").fill(month)
    place.get_by_label("Jahr").fill(year)


def _look(windows: Windows, page: Page, name: str) -> None:
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    windows.picture(page, name)
