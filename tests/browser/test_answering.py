"""Patients answer where they may, and nothing that they wrote is lost or sent twice."""

import re
from collections.abc import Callable

from google.protobuf.field_mask_pb2 import FieldMask
from playwright.sync_api import Page, Route, expect

from praxispost.identity.v1 import practices_pb2
from praxispost.messaging.v1 import messaging_pb2
from tests.browser.correspondence import closed, sent
from tests.browser.house import House, Patient, StaffMember
from tests.browser.windows import Windows, violations
from tests.story.cast import PERSON_PASSWORD, Practice

_TEXT = "Ja, ich nehme die Tabletten noch.\nMorgens eine."


def _answers(admin: StaffMember, patient: Patient) -> list[str]:
    request = messaging_pb2.ListMessagesRequest(patient_id=patient.id)
    listed = admin.caller.messages.ListMessages(request).messages
    return [each.id for each in listed if each.direction == messaging_pb2.DIRECTION_TO_PRACTICE]


def _at_a_message(
    house: House, windows: Windows, *, reply_allowed: bool = True
) -> tuple[Page, Practice, StaffMember, Patient, str]:
    practice, admin = house.practice()
    patient = house.patient(practice)
    message = sent(admin.caller, patient, "Ihre Tabletten", reply_allowed=reply_allowed)
    page = windows.phone(session=house.registered(patient))
    page.goto("/mailbox")
    with page.expect_response("**/mailbox/events"):
        page.get_by_role("link", name="Ihre Tabletten").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ihre Tabletten")
    return page, practice, admin, patient, message.message_id


def _log_in(page: Page, house: House, patient: Patient) -> None:
    page.get_by_label("E-Mail-Adresse").fill(patient.contact.email)
    page.get_by_label(re.compile("^Passwort$")).fill(PERSON_PASSWORD)
    page.get_by_role("button", name="Weiter").click()
    page.get_by_label("Code aus der SMS").fill(house.stage.post.texted_code(patient.contact.mobile))
    page.get_by_role("button", name="Anmelden").click()


def test_an_answer_is_sent_and_turns_when_the_practice_opens_it(house: House, windows: Windows) -> None:
    page, _, admin, patient, _ = _at_a_message(house, windows)
    page.get_by_label("Ihre Antwort").fill(_TEXT)
    assert violations(page) == []
    windows.picture(page, "before")
    page.get_by_role("button", name="Antwort senden").dblclick()
    expect(page.get_by_text("Ihre Antwort ist bei der Praxis.")).to_be_focused()
    expect(page.get_by_label("Ihre Antwort")).to_be_hidden()
    answer = page.get_by_role("listitem").filter(has_text="Morgens eine.")
    expect(answer).to_contain_text("Bei der Praxis, noch nicht geöffnet")
    windows.picture(page, "after")
    assert violations(page) == []
    [answer_id] = _answers(admin, patient)
    opening = messaging_pb2.OpenMessageRequest(message_id=answer_id)
    assert admin.caller.messages.OpenMessage(opening).message.body == _TEXT
    expect(answer).to_contain_text("In der Praxis geöffnet:")
    page.goto("/mailbox")
    expect(page.get_by_role("link", name="Antwort auf „Ihre Tabletten“")).to_contain_text(
        "In der Praxis geöffnet"
    )


def test_beside_the_answer_stand_the_emergency_and_the_practices_absence(
    house: House, windows: Windows
) -> None:
    practice, admin = house.practice()
    settings = practices_pb2.PracticeSettings(
        absence_notice="Bis Montag geschlossen.\nVertretung: Praxis Weber."
    )
    admin.caller.practices.UpdatePractice(
        practices_pb2.UpdatePracticeRequest(
            settings=settings, update_mask=FieldMask(paths=["absence_notice"])
        )
    )
    patient = house.patient(practice)
    sent(admin.caller, patient, "Ihre Tabletten")
    page = windows.phone(session=house.registered(patient))
    page.goto("/mailbox")
    page.get_by_role("link", name="Ihre Tabletten").click()
    box = page.get_by_role("region", name="Antworten")
    expect(box.get_by_text("Nicht für Notfälle")).to_contain_text("Notfall: 112.")
    expect(box.get_by_text("Vertretung: Praxis Weber.")).to_be_visible()
    expect(box.get_by_text(re.compile(r"Sie können bis zum .+ antworten\."))).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "phone")


def test_where_no_answer_is_allowed_the_page_says_whom_to_call(house: House, windows: Windows) -> None:
    page, *_ = _at_a_message(house, windows, reply_allowed=False)
    said = "Auf diese Nachricht können Sie hier nicht antworten. Fragen? Praxis: 030 5550123. Notfall: 112."
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.get_by_role("link", name="030 5550123")).to_have_attribute("href", "tel:0305550123")
    expect(page.get_by_role("link", name="112")).to_have_attribute("href", "tel:112")
    expect(page.get_by_role("button", name="Antwort senden")).to_have_count(0)
    assert violations(page) == []
    windows.picture(page, "phone")


def test_what_was_written_is_still_there_where_answering_has_ended(house: House, windows: Windows) -> None:
    page, _, admin, patient, message_id = _at_a_message(house, windows)
    page.get_by_label("Ihre Antwort").fill(_TEXT)
    closed(admin.caller, message_id)
    page.get_by_role("button", name="Nachricht öffnen").click()
    expect(page.get_by_text("können Sie hier nicht antworten")).to_be_visible()
    expect(page.get_by_label("Ihr Text, falls Sie ihn noch brauchen")).to_have_value(_TEXT)
    assert violations(page) == []
    windows.picture(page, "closed")
    assert _answers(admin, patient) == []


def test_an_answer_without_words_is_asked_for_some(house: House, windows: Windows) -> None:
    page, _, admin, patient, _ = _at_a_message(house, windows)
    page.get_by_label("Ihre Antwort").fill("   ")
    page.get_by_role("button", name="Antwort senden").click()
    expect(page.get_by_role("alert").filter(has_text="nicht gesendet")).to_be_visible()
    expect(page.get_by_label("Ihre Antwort")).to_have_accessible_description(re.compile("1 bis 20.000"))
    assert violations(page) == []
    windows.picture(page, "empty")
    assert _answers(admin, patient) == []


def _losing(answers: bool) -> Callable[[Route], None]:
    """Loses the request, or only the answer to it."""

    def handle(route: Route) -> None:
        if answers:
            route.fetch()
        route.abort("connectionreset")

    return handle


def test_a_lost_connection_loses_nothing_and_sends_nothing_twice(house: House, windows: Windows) -> None:
    page, _, admin, patient, _ = _at_a_message(house, windows)
    page.get_by_label("Ihre Antwort").fill(_TEXT)
    for answers in (False, True):
        page.route("**/answers", _losing(answers), times=1)
        page.get_by_role("button", name="Antwort senden").click()
        expect(page.get_by_text("Keine Verbindung.")).to_be_visible()
        expect(page.get_by_label("Ihre Antwort")).to_have_value(_TEXT)
    windows.picture(page, "offline")
    page.reload()
    expect(page.get_by_text("Ihr Text von vorhin ist noch da.")).to_be_visible()
    expect(page.get_by_label("Ihre Antwort")).to_have_value(_TEXT)
    page.get_by_role("button", name="Antwort senden").click()
    expect(page.get_by_text("Ihre Antwort ist bei der Praxis.")).to_be_visible()
    assert len(_answers(admin, patient)) == 1
    page.reload()
    expect(page.get_by_role("listitem").filter(has_text="Morgens eine.")).to_have_count(1)
    page.get_by_text("Noch einmal antworten").click()
    expect(page.get_by_label("Ihre Antwort")).to_have_value("")
    windows.complaints.clear()


def test_a_changed_answer_after_a_lost_one_is_not_taken_for_the_same(house: House, windows: Windows) -> None:
    page, _, admin, patient, _ = _at_a_message(house, windows)
    page.get_by_label("Ihre Antwort").fill("Ja.")
    page.route("**/answers", _losing(answers=True), times=1)
    page.get_by_role("button", name="Antwort senden").click()
    expect(page.get_by_text("Keine Verbindung.")).to_be_visible()
    page.get_by_label("Ihre Antwort").fill("Nein.")
    page.get_by_role("button", name="Antwort senden").click()
    expect(page.get_by_text("Eine frühere Fassung Ihrer Antwort ist schon bei der Praxis.")).to_be_visible()
    expect(page.get_by_label("Ihre Antwort")).to_have_value("Nein.")
    page.get_by_role("button", name="Antwort senden").click()
    expect(page.get_by_text("Ihre Antwort ist bei der Praxis.")).to_be_visible()
    assert len(_answers(admin, patient)) == 2
    windows.complaints.clear()


def test_what_was_written_outlives_the_session_for_its_writer_alone(house: House, windows: Windows) -> None:
    page, practice, admin, patient, _ = _at_a_message(house, windows)
    page.get_by_label("Ihre Antwort").fill(_TEXT)
    page.context.clear_cookies(name="__Host-account")
    page.get_by_role("button", name="Antwort senden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
    kept = page.evaluate("JSON.stringify(sessionStorage)")
    assert "typed:" in kept
    assert "Tabletten" not in kept
    other = house.patient(practice, "Otto", "Anders")
    house.registered(other)
    address = page.url
    _log_in(page, house, other)
    expect(page.get_by_role("heading", level=1)).to_have_text("Diese Nachricht ist hier nicht zu sehen")
    page.get_by_role("button", name="Abmelden").click()
    page.goto(address)
    _log_in(page, house, patient)
    page.get_by_role("button", name="Nachricht öffnen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ihre Tabletten")
    assert _answers(admin, patient) == []


def test_after_the_session_has_ended_it_goes_on_where_it_was(house: House, windows: Windows) -> None:
    page, _, admin, patient, _ = _at_a_message(house, windows)
    page.get_by_label("Ihre Antwort").fill(_TEXT)
    page.context.clear_cookies(name="__Host-account")
    page.get_by_role("button", name="Antwort senden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
    _log_in(page, house, patient)
    expect(page.get_by_label("Ihre Antwort")).to_have_value(_TEXT)
    windows.picture(page, "again")
    page.get_by_role("button", name="Antwort senden").click()
    expect(page.get_by_text("Ihre Antwort ist bei der Praxis.")).to_be_visible()
    assert len(_answers(admin, patient)) == 1


def test_who_logs_out_in_one_tab_is_logged_out_in_all(house: House, windows: Windows) -> None:
    page, *_ = _at_a_message(house, windows)
    page.get_by_label("Ihre Antwort").fill(_TEXT)
    other = page.context.new_page()
    other.goto("/mailbox")
    other.get_by_role("button", name="Abmelden").click()
    expect(other.get_by_text("Sie sind abgemeldet.")).to_be_visible()
    expect(page.get_by_text("Sie sind abgemeldet.")).to_be_visible()
    assert "Tabletten" not in page.content()


def test_a_page_that_is_left_alone_warns_and_then_shows_nothing(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    sent(admin.caller, patient, "Ihre Tabletten", "Bitte absetzen.")
    page = windows.phone(session=house.registered(patient))
    page.clock.install()
    page.goto("/mailbox")
    page.get_by_role("link", name="Ihre Tabletten").click()
    expect(page.get_by_text("Bitte absetzen.")).to_be_visible()
    page.clock.fast_forward("28:05")
    warning = page.get_by_role("dialog", name="Sind Sie noch da?")
    expect(warning).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "warned")
    warning.get_by_role("button", name="Angemeldet bleiben").click()
    expect(warning).to_be_hidden()
    page.clock.fast_forward("28:05")
    expect(warning).to_be_visible()
    page.clock.fast_forward("02:00")
    expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
    expect(page.get_by_text("Sie sind abgemeldet.")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Bitte absetzen.")).to_have_count(0)


def test_a_document_goes_with_the_answer(house: House, windows: Windows) -> None:
    page, _, admin, patient, _ = _at_a_message(house, windows)
    page.get_by_label("Ihre Antwort").fill("Hier ist der Plan.")
    page.get_by_label("Dateien auswählen").set_input_files(
        {"name": "Plan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF\n"}
    )
    expect(page.get_by_text("angehängt", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_text("Ihr Text von vorhin ist noch da.")).to_be_visible()
    expect(page.get_by_text("Plan.pdf").first).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "kept")
    page.get_by_role("button", name="Antwort senden").click()
    answer = page.get_by_role("listitem").filter(has_text="Hier ist der Plan.")
    expect(answer).to_contain_text("Plan.pdf")
    windows.picture(page, "sent")
    [answer_id] = _answers(admin, patient)
    opening = messaging_pb2.OpenMessageRequest(message_id=answer_id)
    [document] = admin.caller.messages.OpenMessage(opening).message.attachments
    assert document.file_name == "Plan.pdf"
