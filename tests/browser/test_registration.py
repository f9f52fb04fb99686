"""How a patient comes in for the first time."""

import re

from playwright.sync_api import Page, expect

from tests.browser.house import House, Patient
from tests.browser.windows import Windows, violations
from tests.story.cast import PERSON_PASSWORD, message_to, unique_email, unique_mobile


def test_a_patient_registers_on_the_phone(house: House, windows: Windows) -> None:
    practice, _ = house.practice()
    patient = house.patient(practice)
    practice.admin.messages.SendMessage(message_to(patient.id))
    link = re.search(r"/m#\S+", house.stage.post.prompt(patient.contact.email).text)
    assert link is not None
    page = windows.phone()
    page.goto(link.group())
    expect(page.get_by_role("heading", level=1)).to_have_text("Eine Nachricht Ihrer Praxis wartet.")
    expect(page.get_by_role("link", name="Datenschutz")).to_be_visible()
    expect(page.get_by_role("link", name="Impressum")).to_be_visible()
    _look(windows, page, "landing")
    page.get_by_role("link", name="Zum ersten Mal hier: Registrieren").click()
    _look(windows, page, "details")
    _give_details(page, patient.contact.email, patient.contact.mobile)
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Schritt 2 von 4 Code aus der E-Mail")
    _look(windows, page, "email-code")
    code = house.stage.post.mailed_code(patient.contact.email)
    page.get_by_label("Code aus der E-Mail").fill(f" {code[:3]} {code[3:]} ")
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Schritt 3 von 4 Code aus der SMS")
    _look(windows, page, "sms-code")
    code = house.stage.post.texted_code(patient.contact.mobile)
    page.get_by_label("Code aus der SMS").fill(f"{code[:3]}-{code[3:]}")
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_role("heading", level=2)).to_contain_text("Schritt 4 von 4 Geburtsdatum")
    _look(windows, page, "birth-date")
    _give_birth_date(page, "12", "8", "1964")
    page.wait_for_url("**/mailbox")


def test_a_closed_tab_loses_nothing(house: House, windows: Windows) -> None:
    practice, _ = house.practice()
    patient = house.patient(practice)
    page = windows.phone()
    page.goto("/register")
    _give_details(page, patient.contact.email, patient.contact.mobile)
    expect(page.get_by_label("Code aus der E-Mail")).to_be_visible()
    context = page.context
    page.close()
    page = context.new_page()
    page.goto("/register")
    page.get_by_label("Code aus der E-Mail").fill(house.stage.post.mailed_code(patient.contact.email))
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_label("Code aus der SMS")).to_be_visible()
    page.go_back()
    page.goto("/register")
    expect(page.get_by_label("Code aus der SMS")).to_be_visible()
    page.get_by_label("Code aus der SMS").fill(house.stage.post.texted_code(patient.contact.mobile))
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_role("group", name="Geburtsdatum der Person")).to_be_visible()


def test_what_was_typed_wrongly_is_said_and_kept(house: House, windows: Windows) -> None:
    page = windows.phone()
    page.goto("/register")
    page.get_by_label("E-Mail-Adresse").fill(unique_email("neu"))
    page.get_by_label("Handynummer").fill("030 5550123")
    page.get_by_label("Neues Passwort").fill("Kastanien am Bach 3")
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Handynummer")).to_have_value("030 5550123")
    expect(page.get_by_label("Handynummer")).to_have_accessible_description(re.compile("keine Handynummer"))
    _look(windows, page, "wrong-number")
    page.get_by_label("E-Mail-Adresse").fill(unique_email("neu"))
    page.get_by_label("Handynummer").fill(unique_mobile())
    page.get_by_label("Neues Passwort").fill("passwort123")
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_text("leicht zu erraten")).to_be_visible()
    page.get_by_label("Neues Passwort").fill("Kastanien")
    page.get_by_role("button", name="Passwort anzeigen").click()
    expect(page.get_by_label("Neues Passwort")).to_have_attribute("type", "text")
    _look(windows, page, "shown-password")


def test_a_wrong_code_can_be_tried_again_and_sent_anew(house: House, windows: Windows) -> None:
    practice, _ = house.practice()
    patient = house.patient(practice)
    page = windows.phone()
    page.goto("/register")
    _give_details(page, patient.contact.email, patient.contact.mobile)
    page.get_by_label("Code aus der E-Mail").fill("12 34")
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_text("Der Code hat sechs Ziffern.")).to_be_visible()
    first = house.stage.post.mailed_code(patient.contact.email)
    page.get_by_label("Code aus der E-Mail").fill(_other(first))
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_role("alert")).to_contain_text("stimmt nicht oder gilt nicht mehr")
    _look(windows, page, "wrong-code")
    for _ in range(2):
        page.goto("/register")
        page.get_by_role("button", name="Code noch einmal senden").click()
        expect(page.get_by_text("möglich in")).to_be_visible()
        expect(page.get_by_role("button", name="Code noch einmal senden")).to_be_disabled()
    page.goto("/register")
    page.get_by_role("button", name="Code noch einmal senden").click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"Ein neuer geht in 1[45] Minuten\."))
    _look(windows, page, "too-often")
    house.stage.post.mailed_code(patient.contact.email)
    page.get_by_label("Code aus der E-Mail").fill(house.stage.post.mailed_code(patient.contact.email))
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_label("Code aus der SMS")).to_be_visible()


def test_a_double_click_sends_one_code(house: House, windows: Windows) -> None:
    email = unique_email("doppelt")
    page = windows.phone()
    page.goto("/register")
    page.get_by_label("E-Mail-Adresse").fill(email)
    page.get_by_label("Handynummer").fill(unique_mobile())
    page.get_by_label("Neues Passwort").fill(PERSON_PASSWORD)
    page.get_by_role("button", name="Weiter").dblclick()
    page.get_by_label("Code aus der E-Mail").fill(house.stage.post.mailed_code(email))
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_label("Code aus der SMS")).to_be_visible()
    assert len(house.stage.post.all_mails(email)) == 1


def test_registering_works_without_scripts(house: House, windows: Windows) -> None:
    practice, _ = house.practice()
    page = windows.phone(scripts=False)
    _come_to_the_birth_date(house, page, house.patient(practice))
    _give_birth_date(page, "12", "8", "1964")
    page.wait_for_url("**/mailbox")


def test_who_does_not_match_is_told_what_to_do(house: House, windows: Windows) -> None:
    practice, _ = house.practice()
    page = windows.phone(dark=True)
    _come_to_the_birth_date(house, page, house.patient(practice))
    _give_birth_date(page, "31", "2", "1964")
    expect(page.get_by_text("Dieses Datum gibt es nicht.")).to_be_visible()
    _look(windows, page, "no-date")
    _give_birth_date(page, "13", "8", "1964")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ihre Angaben passen noch nicht zusammen")
    _look(windows, page, "not-matched")
    page.get_by_role("link", name="Noch einmal eingeben").click()
    _give_birth_date(page, "12", "08", "1964")
    page.wait_for_url("**/mailbox")


def test_who_comes_back_too_late_is_told_where_to_go_on(windows: Windows) -> None:
    page = windows.phone()
    page.goto("/register")
    _give_details(page, unique_email("spaet"), unique_mobile())
    expect(page.get_by_label("Code aus der E-Mail")).to_be_visible()
    # As if identity had forgotten it: this secret is none that it knows.
    windows.give_cookie(page, "__Host-registration", "x" * 43)
    page.get_by_label("Code aus der E-Mail").fill("123456")
    page.get_by_role("button", name="Weiter").click()
    expect(page.get_by_role("status")).to_contain_text("Diese Registrierung ist zu Ende.")
    _look(windows, page, "ended")


def test_the_steps_fit_small_screens_in_english(house: House, windows: Windows) -> None:
    practice, _ = house.practice()
    patient = house.patient(practice)
    page = windows.phone(language="en-GB", dark=True)
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto("/register")
    _look(windows, page, "details")
    page.get_by_label("E-mail address").fill(patient.contact.email)
    page.get_by_label("Mobile number").fill(patient.contact.mobile)
    page.get_by_label("New password").fill(PERSON_PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Step 2 of 4")
    _look(windows, page, "email-code")


def test_two_hundred_percent_leave_nothing_out_of_reach(windows: Windows) -> None:
    page = windows.desktop()
    for width in (640, 320):
        # What 1280 px show at 200 and at 400 %.
        page.set_viewport_size({"width": width, "height": 400})
        for path in ("/", "/register", "/login", "/reset", "/help", "/new-number", "/not-for-me"):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)


def test_it_works_by_keyboard_alone(house: House, windows: Windows) -> None:
    practice, _ = house.practice()
    contact = house.patient(practice).contact
    page = windows.desktop()
    page.goto("/register")
    for text in (contact.email, contact.mobile, PERSON_PASSWORD):
        while page.evaluate("document.activeElement.tagName") != "INPUT" or page.evaluate(
            "document.activeElement.value"
        ):
            page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code aus der E-Mail")).to_be_visible()


def _come_to_the_birth_date(house: House, page: Page, patient: Patient) -> None:
    page.goto("/register")
    _give_details(page, patient.contact.email, patient.contact.mobile)
    page.get_by_label("Code aus der E-Mail").fill(house.stage.post.mailed_code(patient.contact.email))
    page.get_by_role("button", name="Weiter").click()
    page.get_by_label("Code aus der SMS").fill(house.stage.post.texted_code(patient.contact.mobile))
    page.get_by_role("button", name="Weiter").click()


def _give_details(page: Page, email: str, mobile: str) -> None:
    page.get_by_label("E-Mail-Adresse").fill(email)
    page.get_by_label("Handynummer").fill(mobile)
    page.get_by_label("Neues Passwort").fill(PERSON_PASSWORD)
    page.get_by_role("button", name="Weiter").click()


def _give_birth_date(page: Page, day: str, month: str, year: str) -> None:
    page.get_by_label("Tag").fill(day)
    page.get_by_label("Monat").fill(month)
    page.get_by_label("Jahr").fill(year)
    page.get_by_role("button", name="Fertig").click()


def _look(windows: Windows, page: Page, name: str) -> None:
    assert violations(page) == []
    width = page.evaluate("window.innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    windows.picture(page, name)


def _other(code: str) -> str:
    return "000000" if code != "000000" else "111111"
