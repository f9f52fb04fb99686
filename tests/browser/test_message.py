"""One message: opened by the person's own press and by nothing else."""

from playwright.sync_api import expect

from praxispost.messaging.v1 import messaging_pb2
from tests.browser.correspondence import child_of, sent, withdrawn
from tests.browser.house import House
from tests.browser.windows import Windows, violations
from tests.story.cast import receipt, tick


def test_a_message_is_opened_by_pressing_it_and_stays_through_reload_and_back(
    house: House, windows: Windows
) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    message = sent(
        admin.caller, patient, "Ihre Laborwerte", "Guten Tag,\n\nIhr Cholesterin ist gesunken.\nWeiter so."
    )
    page = windows.phone(session=house.registered(patient))
    page.goto("/mailbox")
    page.get_by_role("link", name="Ihre Laborwerte").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ihre Laborwerte")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_text("Ihr Cholesterin ist gesunken.")).to_be_visible()
    assert page.locator(".letter .text").inner_text() == (
        "Guten Tag,\n\nIhr Cholesterin ist gesunken.\nWeiter so."
    )
    assert violations(page) == []
    windows.picture(page, "phone")
    seen = tick(admin.caller, message.message_id, messaging_pb2.RECEIPT_STATE_READ)
    assert seen.read_by == messaging_pb2.READER_PATIENT
    page.reload()
    expect(page.get_by_text("Ihr Cholesterin ist gesunken.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("link", name="Ihre Laborwerte")).to_be_visible()
    expect(page.get_by_text("Neu", exact=True)).to_have_count(0)
    page.go_forward()
    expect(page.get_by_text("Ihr Cholesterin ist gesunken.")).to_be_visible()


def test_an_address_alone_opens_nothing(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    message = sent(admin.caller, patient, "Vertraulich", "Der Text.")
    page = windows.phone(session=house.registered(patient))
    page.goto(f"/mailbox/messages/{practice.id}/{message.message_id}")
    button = page.get_by_role("button", name="Nachricht öffnen")
    expect(button).to_be_visible()
    assert "Vertraulich" not in page.content()
    assert violations(page) == []
    windows.picture(page, "closed")
    page.reload()
    expect(button).to_be_visible()
    assert not receipt(admin.caller, message.message_id).HasField("read_at")
    button.click()
    expect(page.get_by_text("Der Text.")).to_be_visible()
    tick(admin.caller, message.message_id, messaging_pb2.RECEIPT_STATE_READ)


def test_a_message_is_opened_without_script_too(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    sent(admin.caller, patient, "Ohne Skript", "Der Text.")
    page = windows.phone(session=house.registered(patient))
    page.route("**/*.js", lambda route: route.abort())
    page.goto("/mailbox")
    page.get_by_role("link", name="Ohne Skript").click()
    page.get_by_role("button", name="Nachricht öffnen").click()
    expect(page.get_by_text("Der Text.")).to_be_visible()
    page.get_by_label("Ihre Antwort").fill("Danke")
    page.get_by_role("button", name="Antwort senden").click()
    expect(page.get_by_role("status")).to_have_text("Ihre Antwort ist bei der Praxis.")
    windows.complaints.clear()


def test_a_mother_sees_for_whom_she_reads(house: House, windows: Windows) -> None:
    practice, admin = house.practice("Kinderarztpraxis am Bach")
    mother = house.patient(practice, "Lena", "Lindner")
    session = house.registered(mother)
    message = sent(admin.caller, child_of(practice, mother), "Mias Impfung", "Bitte kommen Sie am Montag.")
    page = windows.phone(session=session)
    page.goto("/mailbox")
    page.get_by_role("link", name="Mias Impfung").click()
    expect(page.get_by_text("Sie lesen für Mia Lindner (Vertretung).")).to_be_visible()
    expect(page.get_by_role("heading", name="Für Mia Lindner antworten")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "phone")
    seen = tick(admin.caller, message.message_id, messaging_pb2.RECEIPT_STATE_READ)
    assert seen.read_by == messaging_pb2.READER_REPRESENTATIVE


def test_what_is_withdrawn_while_it_is_read_disappears(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    message = sent(admin.caller, patient, "Falsche Zahlen", "Das stimmt so nicht.")
    page = windows.phone(session=house.registered(patient))
    page.goto("/mailbox")
    with page.expect_response("**/mailbox/events"):
        page.get_by_role("link", name="Falsche Zahlen").click()
    expect(page.get_by_text("Das stimmt so nicht.")).to_be_visible()
    withdrawn(admin.caller, message.message_id)
    expect(page.get_by_text("gerade etwas geändert")).to_be_visible()
    assert "Das stimmt so nicht." not in page.content()
    page.get_by_role("button", name="Nachricht öffnen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Zurückgezogene Nachricht")
    expect(page.get_by_text("Zurückgezogen am")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "withdrawn")
