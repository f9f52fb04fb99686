"""How staff find patients, keep their records, and see all that went between them and the practice."""

import re

import pytest
from playwright.sync_api import Page, expect

from praxispost.identity.v1 import patients_pb2
from praxispost.messaging.v1 import drafts_pb2, messaging_pb2
from tests.browser.house import House, Patient
from tests.browser.windows import Windows, violations
from tests.story.cast import (
    Contact,
    Practice,
    individual_text,
    message_to,
    new_id,
    unique_email,
    unique_mobile,
)

_LONG = ("Maximiliane-Friederike Charlotte", "von und zu Hohenstein-Wittgenstein-Ysenburg-Büdingen")


def _open(page: Page, patient: Patient) -> None:
    page.goto(f"/practice/patients/{patient.id}")
    expect(page.get_by_role("heading", level=1)).to_contain_text(patient.contact.family_name)


def test_an_empty_practice_is_led_to_its_first_patient(house: House, windows: Windows) -> None:
    _, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.goto("/practice/patients")
    expect(page.get_by_text("Noch ist niemand angelegt.")).to_be_visible()
    windows.picture(page, "empty")
    assert violations(page) == []
    page.get_by_role("link", name="Neue Patient:in").click()
    page.get_by_label("Vorname").fill("Erika")
    page.get_by_label("Nachname").fill("Mustermann")
    page.get_by_label("Geburtsdatum").fill("31.02.1964")
    page.get_by_label("E-Mail-Adresse").fill(unique_email("erika"))
    page.get_by_label("Handynummer").fill("030 5550123")
    page.get_by_role("button", name="Anlegen").click()
    expect(page.get_by_role("alert")).to_contain_text("nichts gespeichert")
    expect(page.get_by_text("Bitte geben Sie einen Tag an, den es gibt")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Geburtsdatum").fill("12081964")
    page.get_by_role("button", name="Anlegen").click()
    expect(page.get_by_text("Eine Festnetznummer genügt nicht.")).to_be_visible()
    windows.picture(page, "refused")
    page.get_by_label("Handynummer").fill("0171 3920 999")
    page.get_by_role("button", name="Anlegen").click()
    expect(page.get_by_role("status")).to_have_text("Angelegt.")
    expect(page.get_by_text("12.08.1964")).to_be_visible()
    expect(page.get_by_role("link", name="+491713920999")).to_be_visible()
    expect(page.get_by_text("kann Nachrichten bekommen")).to_be_visible()
    expect(page.get_by_text("Noch keine Nachrichten.")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "card")


def test_the_same_person_is_not_made_twice_unseen(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    house.patient(practice)
    page = windows.desktop(session=admin.session)
    page.goto("/practice/patients/new")
    page.get_by_label("Vorname").fill("Erika")
    page.get_by_label("Nachname").fill("Mustermann")
    page.get_by_label("Geburtsdatum").fill("12.8.1964")
    page.get_by_role("button", name="Anlegen").click()
    expect(page.get_by_role("alert")).to_contain_text("Gibt es diese Person hier schon?")
    expect(page.get_by_role("link", name="Mustermann, Erika")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "alike")
    page.get_by_role("button", name="Es ist jemand anderes: anlegen").click()
    expect(page.get_by_role("status")).to_have_text("Angelegt.")
    expect(page.get_by_text("Ohne E-Mail-Adresse kann niemand Nachrichten bekommen.")).to_be_visible()
    expect(page.get_by_text("Ohne Handynummer kann niemand Nachrichten bekommen.")).to_be_visible()
    page.get_by_role("link", name="E-Mail-Adresse ergänzen").click()
    expect(page.get_by_label("E-Mail-Adresse")).to_be_focused()


@pytest.fixture(scope="module")
def crowd(house: House) -> tuple[Practice, str]:
    """A practice with 62 patients of all kinds; and its admin's session."""
    practice, admin = house.practice()
    for number in range(60):
        house.patient(practice, f"Vorname{chr(97 + number % 26)}", f"Nachname{number:02d}")
    long = Contact(*_LONG, "1931-01-02", unique_email("long"), unique_mobile())
    practice.record(admin.caller, long)
    practice.record(admin.caller, Contact("Ömer", "Öztürk", "1979-02-03", "", ""))
    return practice, admin.session


def test_the_list_is_paged_and_searched_while_typing(
    house: House, windows: Windows, crowd: tuple[Practice, str]
) -> None:
    page = windows.desktop(session=crowd[1])
    page.goto("/practice/patients")
    expect(page.get_by_role("listitem").filter(has_text="Nachname")).to_have_count(50)
    page.get_by_role("link", name="Weitere").click()
    expect(page.get_by_text("Öztürk, Ömer")).to_be_visible()
    expect(page.get_by_text("E-Mail fehlt")).to_be_visible()
    windows.picture(page, "second-page")
    assert violations(page) == []
    box = page.get_by_role("searchbox")
    box.press_sequentially("oez 3.2.1979")
    expect(page.get_by_role("link", name="Öztürk, Ömer")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Nachname"))).to_have_count(0)
    expect(box).to_be_focused()
    assert page.url.endswith("/practice/patients") or "after=" in page.url
    assert "oez" not in page.url
    box.fill("n")
    expect(page.get_by_text("wenigstens zwei Buchstaben")).to_be_visible()
    box.fill("Niemand Solches")
    expect(page.get_by_text("Niemand gefunden.")).to_be_visible()
    assert violations(page) == []
    box.fill("Nach")
    page.get_by_role("button", name="Weitere").click()
    expect(page.get_by_role("link", name="Nachname59, Vornameh")).to_be_visible()
    page.get_by_role("button", name="Zum Anfang").click()
    expect(page.get_by_role("link", name="Nachname00, Vornamea")).to_be_visible()


def test_the_search_works_without_scripts(
    house: House, windows: Windows, crowd: tuple[Practice, str]
) -> None:
    page = windows.desktop(session=crowd[1])
    page.route("**/*.js", lambda route: route.abort())
    page.goto("/practice/patients")
    page.get_by_role("searchbox").fill("hohenstein")
    page.get_by_role("button", name="Suchen").click()
    page.get_by_role("link", name=re.compile("Hohenstein")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(" ".join(_LONG))
    windows.complaints.clear()


def test_the_list_fits_a_narrow_window_and_the_dark(
    house: House, windows: Windows, crowd: tuple[Practice, str]
) -> None:
    page = windows.desktop(session=crowd[1], dark=True)
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/practice/patients")
    page.get_by_role("searchbox").fill("hohenstein")
    expect(page.get_by_role("link", name=re.compile("Hohenstein"))).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Nachname"))).to_have_count(0)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    windows.picture(page, "list")
    page.get_by_role("link", name=re.compile("Hohenstein")).click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    windows.picture(page, "card")
    page.get_by_role("link", name="Bearbeiten").click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    windows.picture(page, "edit")


def test_verified_contact_data_change_only_after_a_warning(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    practice.admin.messages.SendMessage(message_to(patient.id))
    house.registered(patient)
    page = windows.desktop(session=admin.session)
    _open(page, patient)
    expect(page.get_by_text("Konto verknüpft", exact=True)).to_be_visible()
    page.get_by_role("link", name="Bearbeiten").click()
    windows.picture(page, "form")
    assert violations(page) == []
    new = unique_email("neu")
    page.get_by_label("E-Mail-Adresse").fill(new)
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Kontaktdaten von Erika Mustermann ändern?")
    expect(page.get_by_text("Der Zugang ruht, bis")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "confirm")
    page.get_by_role("button", name="Zurück").click()
    expect(page.get_by_label("E-Mail-Adresse")).to_have_value(new)
    page.get_by_role("button", name="Speichern").click()
    page.get_by_role("button", name="Kontaktdaten ändern").click()
    expect(page.get_by_role("status")).to_contain_text("noch einmal angekündigt")
    expect(page.get_by_text("Der Zugang ruht, bis die Person")).to_be_visible()
    windows.picture(page, "suspended")
    house.stage.post.prompt(new)


def test_two_who_change_a_record_lose_nothing(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/patients/{patient.id}/edit")
    data = patients_pb2.PatientData(given_name="Erika Maria")
    request = patients_pb2.UpdatePatientRequest(patient_id=patient.id, data=data)
    request.update_mask.paths.append("given_name")
    practice.admin.patients.UpdatePatient(request)
    page.get_by_label("Nachname").fill("Mustermann-Meier")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("alert")).to_contain_text("inzwischen geändert")
    expect(page.get_by_label("Nachname")).to_have_value("Mustermann-Meier")
    expect(page.get_by_text("Gespeichert ist: Erika Maria")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "changed")
    page.get_by_label("Vorname").fill("Erika Maria")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Erika Maria Mustermann-Meier")


def test_the_card_shows_all_messages_and_follows_them(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    sent = practice.admin.messages.SendMessage(message_to(patient.id, "Ihre Laborwerte vom Dienstag"))
    page = windows.desktop(session=admin.session)
    with page.expect_response("**/practice/events"):
        _open(page, patient)
    expect(page.get_by_role("link", name="Nachricht senden")).to_have_attribute(
        "href", f"/practice/new?patient={patient.id}"
    )
    history = page.locator("#history")
    expect(history.get_by_role("link", name="Ihre Laborwerte vom Dienstag")).to_have_attribute(
        "href", f"/practice/conversations/{sent.conversation_id}#m-{sent.message_id}"
    )
    expect(history).to_contain_text("Anke Admiral · Befund")
    account = house.account(house.registered(patient))
    account.messages.OpenMessage(
        messaging_pb2.OpenMessageRequest(practice_id=practice.id, message_id=sent.message_id)
    )
    expect(history.locator(".receipt.read")).to_have_count(1)
    account.messages.SendReply(
        messaging_pb2.SendReplyRequest(
            request_id=new_id(), practice_id=practice.id, in_reply_to=sent.message_id, body="Danke."
        )
    )
    expect(history.get_by_role("link", name="Antwort auf: Ihre Laborwerte vom Dienstag")).to_be_visible()
    expect(page.get_by_text("Konto verknüpft", exact=True)).to_be_visible()
    content = drafts_pb2.DraftContent(subject="Zweiter Befund")
    practice.admin.drafts.CreateDraft(
        drafts_pb2.CreateDraftRequest(request_id=new_id(), patient_id=patient.id, content=content)
    )
    expect(page.get_by_role("link", name="Zweiter Befund")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "card")


def test_a_long_history_is_paged(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice, *_LONG)
    for number in range(60):
        subject = f"Nachricht {number}" + " mit einem sehr langen Betreff, der mehrere Zeilen braucht" * (
            number % 7 == 0
        )
        practice.admin.messages.SendMessage(message_to(patient.id, subject, individual_text()))
    page = windows.desktop(session=admin.session)
    _open(page, patient)
    expect(page.locator("#history li")).to_have_count(50)
    assert violations(page) == []
    windows.picture(page, "first")
    page.get_by_role("link", name="Ältere").click()
    expect(page.locator("#history li")).to_have_count(10)
    page.get_by_role("link", name="Zu den neuesten").click()
    expect(page.locator("#history li")).to_have_count(50)


def test_wishes_and_fate_are_noted_and_taken_back(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    page = windows.desktop(session=admin.session)
    _open(page, patient)
    page.get_by_text("Möchte keine elektronischen Nachrichten …").click()
    windows.picture(page, "before")
    page.get_by_role("button", name=re.compile("Vermerken.*Möchte keine")).click()
    expect(page.get_by_role("status")).to_have_text("Vermerkt.")
    expect(page.get_by_text("Bitte rufen Sie an oder schreiben Sie einen Brief.")).to_be_visible()
    expect(page.get_by_role("link", name="Nachricht senden")).to_have_count(0)
    assert violations(page) == []
    windows.picture(page, "objected")
    page.get_by_role("button", name="Widerspruch zurücknehmen").click()
    expect(page.get_by_role("status")).to_have_text("Der Vermerk ist weg.")
    page.get_by_text("Verstorben …").click()
    page.get_by_role("button", name=re.compile("Vermerken.*Verstorben")).click()
    expect(page.get_by_text("verstorben", exact=True)).to_be_visible()
    state = patients_pb2.GetPatientRequest(patient_id=patient.id)
    assert practice.admin.patients.GetPatient(state).patient.contact.deceased


def test_a_patient_of_another_practice_is_none(house: House, windows: Windows) -> None:
    practice, _ = house.practice()
    _, stranger = house.practice()
    patient = house.patient(practice)
    page = windows.desktop(session=stranger.session)
    for path in ("", "/edit", "/access", "/readers", "/import"):
        page.goto(f"/practice/patients/{patient.id}{path}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Diese Seite gibt es nicht")


def test_going_back_finds_the_search_as_it_was(
    house: House, windows: Windows, crowd: tuple[Practice, str]
) -> None:
    page = windows.desktop(session=crowd[1])
    page.goto("/practice/patients")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("hohenst")
    page.get_by_role("link", name=re.compile("Hohenstein")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(" ".join(_LONG))
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value("hohenst")
    expect(page.get_by_role("link", name=re.compile("Hohenstein"))).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("Nachname"))).to_have_count(0)


def test_the_pages_speak_english(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    page = windows.desktop(session=admin.session, language="en-GB")
    page.goto(f"/practice/patients/{patient.id}")
    expect(page.get_by_role("link", name="Send message")).to_be_visible()
    windows.picture(page, "card")
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_label("Birth date")).to_have_value("12/08/1964")
    page.get_by_label("Birth date").fill("13/08/1964")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("13/08/1964")).to_be_visible()
    page.goto("/practice/patients")
    page.get_by_role("searchbox").fill("13/08/1964")
    expect(page.get_by_role("link", name="Mustermann, Erika")).to_be_visible()
    assert violations(page) == []
