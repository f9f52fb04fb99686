"""The main job from both sides, in short: what `make test` sees of the portal."""

from playwright.sync_api import expect

from tests.browser.house import House
from tests.browser.windows import Windows, violations
from tests.story.cast import STAFF_PASSWORD, message_to


def test_a_practice_writes_and_its_patient_finds_the_way(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    desk = windows.desktop()
    desk.goto("/practice/login")
    desk.get_by_label("E-Mail-Adresse").fill(admin.email)
    desk.get_by_label("Passwort").fill(STAFF_PASSWORD)
    desk.get_by_role("button", name="Anmelden").click()
    expect(desk.get_by_role("heading", level=1)).to_have_text("Patienten-Nachrichten")
    assert violations(desk) == []
    windows.picture(desk, "desk")
    admin.caller.messages.SendMessage(message_to(patient.id))
    link = house.stage.post.prompt(patient.contact.email).text.split("/m#")[1].split()[0]
    phone = windows.phone()
    phone.goto(f"/m#{link}")
    expect(phone.get_by_role("heading", level=1)).to_be_visible()
    assert violations(phone) == []
    windows.picture(phone, "phone")
