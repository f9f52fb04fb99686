"""The patient's mailbox: what waits, for whom, and what is new while one looks."""

from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import Page, expect

from praxispost.messaging.v1 import messaging_pb2
from tests.browser.correspondence import also_patient_of, answered, child_of, opened, sent, withdrawn
from tests.browser.house import House
from tests.browser.windows import Windows, violations
from tests.story.cast import tick


def test_an_empty_mailbox_says_what_will_happen(house: House, windows: Windows) -> None:
    practice, _ = house.practice()
    page = windows.phone(session=house.registered(house.patient(practice)))
    page.goto("/mailbox")
    expect(page.get_by_text("Hier ist noch nichts.")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "phone")


def test_what_is_unread_stands_first_and_says_so(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    session = house.registered(patient)
    account = house.account(session)
    old = sent(admin.caller, patient, "Termin am Montag")
    new = sent(admin.caller, patient, "Ihr Rezept")
    opened(account, practice, new.message_id)
    answered(account, practice, new.message_id)
    withdrawn(admin.caller, sent(admin.caller, patient, "Falsche Zahlen").message_id)
    page = windows.phone(session=session)
    page.goto("/mailbox")
    expect(page.get_by_text("1 ungelesene Nachricht", exact=True)).to_be_visible()
    expect(page.locator(".mail").first).to_contain_text("Neu")
    expect(page.locator(".mail").first).to_contain_text("Termin am Montag")
    expect(page.get_by_role("link", name="Antwort auf „Ihr Rezept“")).to_contain_text("Gesendet")
    expect(page.get_by_role("link", name="Zurückgezogene Nachricht")).to_be_visible()
    expect(page.get_by_text("Falsche Zahlen")).to_have_count(0)
    assert violations(page) == []
    windows.picture(page, "phone")
    seen = tick(admin.caller, old.message_id, messaging_pb2.RECEIPT_STATE_RECEIVED)
    assert seen.received_evidence == messaging_pb2.RECEIVED_EVIDENCE_SHOWN_IN_MAILBOX


def test_a_mother_sees_for_whom_each_message_is(house: House, windows: Windows) -> None:
    practice, admin = house.practice("Kinderarztpraxis am Bach")
    other, other_admin = house.practice("Praxis für Frauenheilkunde Dr. Schmidt-Oberhausen und Kolleginnen")
    mother = house.patient(practice, "Lena", "Lindner-Hohenstein zu Waldeck")
    session = house.registered(mother)
    child = child_of(practice, mother)
    elsewhere = also_patient_of(other, mother, house.account(session))
    sent(other_admin.caller, elsewhere, "Ihre Vorsorge im Dezember: bitte bringen Sie den Mutterpass mit")
    sent(admin.caller, child, "Mias Impfung")
    sent(admin.caller, child, "Mias Laborwerte")
    sent(admin.caller, mother, "Ihre Unterlagen")
    page = windows.phone(session=session)
    page.goto("/mailbox")
    choices = page.get_by_role("navigation", name="Für wen")
    expect(choices.get_by_role("link", name="Alle 4 ungelesen")).to_have_attribute("aria-current", "true")
    expect(page.get_by_role("link", name="Mias Impfung")).to_contain_text("für Mia Lindner")
    expect(page.get_by_role("link", name="Ihre Unterlagen")).to_contain_text("für Sie")
    assert violations(page) == []
    windows.picture(page, "all")
    choices.get_by_role("link", name="Für Mia (Vertretung) 2 ungelesen").click()
    expect(page.get_by_role("link", name="Ihre Unterlagen")).to_have_count(0)
    expect(page.locator(".mail")).to_have_count(2)
    windows.picture(page, "child")
    choices.get_by_role("link", name="Für mich").click()
    expect(page.get_by_role("link", name="Mias Impfung")).to_have_count(0)
    expect(page.locator(".mail")).to_have_count(2)


def test_a_new_message_comes_while_one_looks(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    page = windows.phone(session=house.registered(patient))
    with page.expect_response("**/mailbox/events"):
        page.goto("/mailbox")
    message = sent(admin.caller, patient, "Gerade eben")
    expect(page.get_by_role("link", name="Gerade eben")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="1 ungelesene Nachricht")).to_have_count(1)
    tick(admin.caller, message.message_id, messaging_pb2.RECEIPT_STATE_RECEIVED)


def test_a_page_that_nobody_sees_has_shown_nothing(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    page = windows.phone(session=house.registered(patient))
    with page.expect_response("**/mailbox/events"):
        page.goto("/mailbox")
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    with page.expect_event("console", lambda message: message.text == "hinted"):
        page.evaluate("document.addEventListener('praxispost:change', () => console.log('hinted'))")
        message = sent(admin.caller, patient, "Noch nicht gesehen")
    expect(page.get_by_role("link", name="Noch nicht gesehen")).to_have_count(0)
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("link", name="Noch nicht gesehen")).to_be_visible()
    tick(admin.caller, message.message_id, messaging_pb2.RECEIPT_STATE_RECEIVED)


def _looks(windows: Windows, page: Page, name: str) -> None:
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    windows.picture(page, name)


def test_the_mailbox_is_good_on_all_screens(house: House, windows: Windows) -> None:
    practice, admin = house.practice(
        "Gemeinschaftspraxis für Innere Medizin und Lungenheilkunde am Oberen Donauufer"
    )
    patient = house.patient(practice, "Lena", "Lindner")
    session = house.registered(patient)
    child = child_of(practice, patient, "Maximiliane-Alexandra")
    sent(admin.caller, child, "Donaudampfschifffahrtsgesellschaftskapitänsuntersuchung: " + "Befund " * 9)
    read = sent(admin.caller, patient, "Ihr Rezept liegt bereit")
    opened(house.account(session), practice, read.message_id)
    answered(house.account(session), practice, read.message_id)
    sizes = {"narrow": (360, 740), "zoomed": (640, 400), "desktop": (1280, 800)}
    for language, dark in (("de-DE", True), ("en-GB", False)):
        page = windows.phone(session=session, language=language, dark=dark)
        for name, (width, height) in sizes.items():
            page.set_viewport_size({"width": width, "height": height})
            page.goto("/mailbox")
            _looks(windows, page, f"{name}-{language}")
            page.get_by_role("link", name="Donaudampf").click()
            expect(page.locator("textarea")).to_be_visible()
            _looks(windows, page, f"message-{name}-{language}")


def test_five_hundred_messages_are_paged_through(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    session = house.registered(patient)
    sent(admin.caller, patient, "Nummer 0")
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: sent(admin.caller, patient, f"Nummer {number}"), range(1, 500)))
    page = windows.phone(session=session)
    page.goto("/mailbox")
    expect(page.get_by_text("500 ungelesene Nachrichten", exact=True)).to_be_visible()
    seen = set(page.locator(".mail-title").all_inner_texts())
    while page.get_by_role("link", name="Weitere Nachrichten").count():
        with page.expect_navigation():
            page.get_by_role("link", name="Weitere Nachrichten").click()
        seen |= set(page.locator(".mail-title").all_inner_texts())
    assert len(seen) == 500
    windows.picture(page, "last")
    page.locator(".mail").last.click()
    expect(page.locator(".letter")).to_be_visible()
    page.get_by_role("link", name="Zurück zum Postfach").click()
    expect(page.get_by_role("link", name="Zum Anfang")).to_be_visible()
    page.get_by_role("link", name="Zum Anfang").click()
    expect(page.get_by_role("link", name="Zum Anfang")).to_have_count(0)


def test_the_mailbox_is_worked_by_keyboard_alone(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    sent(admin.caller, patient, "Mit der Tastatur", "Gelesen ohne Maus.")
    page = windows.phone(session=house.registered(patient))
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/mailbox")
    link = page.get_by_role("link", name="Mit der Tastatur")
    for _ in range(12):
        page.keyboard.press("Tab")
        if link.evaluate("each => each === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("Gelesen ohne Maus.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Ihre Antwort")).to_be_focused()
    page.keyboard.type("Ohne Maus geantwortet")
    page.get_by_role("button", name="Antwort senden").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Ihre Antwort ist bei der Praxis.")).to_be_focused()
