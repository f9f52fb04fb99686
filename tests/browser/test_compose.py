"""How staff write to a patient."""

import re
from datetime import UTC, datetime, timedelta

from google.protobuf.field_mask_pb2 import FieldMask
from playwright.sync_api import FilePayload, Page, Route, expect

from praxispost.identity.v1 import access_pb2, patients_pb2, practices_pb2
from praxispost.identity.v1.access_pb2_grpc import AccessServiceStub
from praxispost.messaging.v1 import drafts_pb2, messaging_pb2
from tests.browser.house import House
from tests.browser.windows import Windows, violations
from tests.story.callers import Caller
from tests.story.cast import STAFF_PASSWORD, Document, eventually, individual_text, message_to, new_id, upload

_PDF = b"%PDF-1.4\n%%EOF\n"
_SAVED = re.compile(r"Gespeichert \d\d:\d\d")


def test_a_patient_is_found_by_keyboard_and_written_to(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    house.patient(practice, "Erik", "Musterfrau")
    patient = house.patient(practice, "Erika", "Mustermann")
    page = windows.desktop(session=admin.session)
    page.goto("/practice/new")
    expect(page.get_by_role("combobox", name="Name oder Geburtsdatum")).to_be_focused()
    page.keyboard.type("muster eri")
    expect(page.get_by_role("option")).to_have_count(2)
    assert violations(page) == []
    windows.picture(page, "found")
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.type("ka")
    option = page.get_by_role("option", name="Mustermann, Erika")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nachricht an Erika Mustermann")
    page.get_by_label("Worum geht es?").focus()
    page.keyboard.type("Befund")
    page.keyboard.press("Tab")
    page.keyboard.type("Ihre Werte")
    page.keyboard.press("Enter")
    expect(page.locator("#state")).to_have_text(_SAVED)
    page.keyboard.press("Tab")
    text = individual_text()
    page.keyboard.type(text)
    page.get_by_label("Patient:in darf antworten").press("Space")
    expect(page.get_by_label("Wie viele Tage lang?")).to_have_value("30")
    page.get_by_label("Gelesen bis").fill((datetime.now(UTC) + timedelta(days=3)).date().isoformat())
    expect(page.locator("#state")).to_have_text(_SAVED)
    assert violations(page) == []
    windows.picture(page, "written")
    page.get_by_role("button", name="Senden").press("Enter")
    expect(page.get_by_role("status").first).to_have_text("Gesendet. Der Hinweis wird versandt.")
    sent = _messages(admin.caller, patient.id)
    assert [(each.subject, each.purpose, each.reply_allowed) for each in sent] == [
        ("Ihre Werte", messaging_pb2.PURPOSE_FINDINGS, True)
    ]
    assert sent[0].HasField("read_by")
    assert _text(admin.caller, sent[0].id) == text
    assert _drafts(admin.caller) == []


def test_what_is_missing_is_said_before_writing(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    page = windows.desktop(session=admin.session)
    lacking = _record(admin.caller, "Konrad", "Karg", mobile="")
    page.goto("/practice/new")
    page.get_by_label("Name oder Geburtsdatum").press_sequentially("karg")
    expect(page.get_by_role("option")).to_contain_text("Handy fehlt")
    page.get_by_role("option").click()
    expect(page.get_by_text("Es fehlt die Handynummer.")).to_be_visible()
    expect(page.get_by_role("link", name="Handynummer ergänzen")).to_have_attribute(
        "href", f"/practice/patients/{lacking}/edit"
    )
    assert violations(page) == []
    windows.picture(page, "mobile")
    _fill(page, "Rückruf", individual_text())
    page.get_by_role("button", name="Senden").click()
    expect(page.get_by_role("alert")).to_contain_text("nur als Entwurf gespeichert")
    expect(page.get_by_label("Betreff")).to_have_value("Rückruf")
    assert [each.subject for each in _drafts(admin.caller)] == ["Rückruf"]
    mother = house.patient(practice, "Maria", "Klein")
    child = _record(admin.caller, "Mia", "Klein", email=mother.contact.email, mobile=mother.contact.mobile)
    page.goto(f"/practice/new?patient={child}")
    expect(page.get_by_role("link", name="Wer liest für Mia?")).to_have_attribute(
        "href", f"/practice/patients/{child}/readers"
    )
    gone = house.patient(practice, "Gustav", "Gestern").id
    deceased = access_pb2.MarkPatientRequest(patient_id=gone, mark=access_pb2.PATIENT_MARK_DECEASED, set=True)
    AccessServiceStub(admin.caller.channel("identity")).MarkPatient(deceased)
    page.goto(f"/practice/new?patient={gone}")
    expect(page.get_by_text("als verstorben vermerkt")).to_be_visible()
    expect(page.get_by_role("button", name="Senden")).to_have_count(0)
    assert violations(page) == []
    windows.picture(page, "deceased")


def test_each_missing_field_is_said_beside_it_and_nothing_is_lost(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/new?patient={patient.id}")
    page.get_by_label("Text").fill("Ein Text ohne Betreff.")
    page.get_by_label("Patient:in darf antworten").check()
    page.get_by_label("Wie viele Tage lang?").fill("400")
    page.get_by_role("button", name="Senden").click()
    expect(page.get_by_text("Bitte geben Sie einen Betreff an.")).to_be_visible()
    expect(page.get_by_text("Bitte wählen Sie, worum es geht.")).to_be_visible()
    expect(page.get_by_text("Bitte geben Sie 1 bis 365 Tage an.")).to_be_visible()
    expect(page.get_by_label("Text")).to_have_value("Ein Text ohne Betreff.")
    expect(page.get_by_label("Betreff")).to_have_attribute("aria-invalid", "true")
    assert violations(page) == []
    windows.picture(page, "errors")
    page.get_by_label("Text").fill("a" * 20_003)
    expect(page.locator("[data-count]")).to_have_text("3 Zeichen zu viel")
    page.get_by_role("button", name="Senden").click()
    expect(page.get_by_text("Der Text ist um 3 Zeichen zu lang.")).to_be_visible()
    expect(page.get_by_label("Text")).to_have_value("a" * 20_003)
    assert _messages(admin.caller, patient.id) == []


def test_a_closed_tab_loses_nothing_and_a_colleague_goes_on(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice, "Friederike-Charlotte", "von Hohenstein-Lindenallee zu Musterberg")
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/new?patient={patient.id}")
    page.get_by_label("Betreff").fill("Angefangen")
    page.get_by_label("Text").fill("Bis hierher und")
    # Closed before the pause after typing is over: the page's last words.
    page.close(run_before_unload=True)
    eventually(
        lambda: [each.subject for each in _drafts(admin.caller)],
        lambda seen: seen == ["Angefangen"],
        "no draft",
    )
    beate = windows.desktop(session=house.colleague(practice).session)
    beate.goto("/practice/drafts")
    expect(beate.get_by_text("Anke Admiral")).to_be_visible()
    assert violations(beate) == []
    windows.picture(beate, "list")
    beate.get_by_role("link", name=re.compile("Weiterschreiben.*Angefangen")).click()
    expect(beate.get_by_label("Text")).to_have_value("Bis hierher und")
    expect(beate.locator("#state")).to_contain_text("von Anke Admiral")
    beate.get_by_label("Text").fill("Bis hierher und weiter.")
    expect(beate.locator("#state")).to_have_text(_SAVED)
    beate.goto("/practice/drafts")
    expect(beate.get_by_text("Beate Beispiel")).to_be_visible()
    beate.get_by_role("link", name=re.compile("Löschen.*Angefangen")).click()
    expect(beate.get_by_text("Bis hierher und weiter.")).to_be_visible()
    assert violations(beate) == []
    windows.picture(beate, "delete")
    beate.get_by_role("button", name="Löschen").click()
    expect(beate.get_by_role("status")).to_have_text("Der Entwurf ist gelöscht.")
    expect(beate.get_by_text("Kein Entwurf.")).to_be_visible()
    windows.picture(beate, "empty")


def test_documents_belong_to_the_draft(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/new?patient={patient.id}")
    page.locator("input[type=file]").set_input_files(
        [_file("Laborwerte vom 12. November.pdf"), _file("Merkblatt.pdf")]
    )
    expect(page.get_by_text("angehängt", exact=True)).to_have_count(2)
    expect(page.locator("#state")).to_have_text(_SAVED)
    eventually(
        lambda: [each.attachment_count for each in _drafts(admin.caller)],
        lambda seen: seen == [2],
        "no documents",
    )
    draft = _drafts(admin.caller)[0].id
    beate = windows.desktop(session=house.colleague(practice).session)
    beate.goto(f"/practice/drafts/{draft}")
    beate.get_by_role("button", name=re.compile("Entfernen.*Merkblatt")).click()
    expect(beate.locator("#state")).to_have_text(_SAVED)
    _fill(beate, "Ihre Werte", individual_text())
    assert violations(beate) == []
    windows.picture(beate, "attached")
    beate.get_by_role("button", name="Senden").click()
    beate.wait_for_url("**/practice/conversations/**")
    request = messaging_pb2.OpenMessageRequest(message_id=draft)
    sent = admin.caller.messages.OpenMessage(request).message
    assert [each.file_name for each in sent.attachments] == ["Laborwerte vom 12. November.pdf"]


def test_a_form_sent_after_the_session_ended_keeps_its_documents(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    draft = _draft(admin.caller, patient.id, "Mit Anlagen", individual_text())
    names = ["Eins.pdf", "Zwei.pdf"]
    documents = [
        upload(admin.caller, "", patient.id, Document(name, "application/pdf", _PDF)) for name in names
    ]
    content = drafts_pb2.DraftContent(
        subject="Mit Anlagen",
        body=individual_text(),
        attachment_ids=documents,
        purpose=messaging_pb2.PURPOSE_FINDINGS,
    )
    admin.caller.drafts.SaveDraft(
        drafts_pb2.SaveDraftRequest(request_id=new_id(), draft_id=draft, version=1, content=content)
    )
    page = windows.desktop(session=admin.session)
    page.route("**/*.js", lambda route: route.abort())
    page.goto(f"/practice/drafts/{draft}")
    page.context.clear_cookies(name="__Host-staff")
    page.get_by_role("button", name="Senden").click()
    page.get_by_label("E-Mail-Adresse").fill(admin.email)
    page.get_by_label("Passwort").fill(STAFF_PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    page.get_by_role("button", name="Jetzt weiter").click()
    page.wait_for_url("**/practice/conversations/**")
    request = messaging_pb2.OpenMessageRequest(message_id=draft)
    sent = admin.caller.messages.OpenMessage(request).message
    assert [each.file_name for each in sent.attachments] == names
    windows.complaints.clear()


def test_two_at_the_same_draft_keep_both_texts(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    draft = _draft(admin.caller, patient.id, "Termin", "Erster Stand")
    anke, beate = (
        windows.desktop(session=session) for session in (admin.session, house.colleague(practice).session)
    )
    for page in (anke, beate):
        page.goto(f"/practice/drafts/{draft}")
    beate.get_by_label("Text").fill("Das schrieb Beate.")
    expect(beate.locator("#state")).to_have_text(_SAVED)
    expect(anke.get_by_text("Beate Beispiel hat diesen Entwurf um")).to_be_visible()
    anke.get_by_label("Text").fill("Das schrieb Anke.")
    expect(anke.get_by_role("heading", name="Beate Beispiel hat diesen Entwurf geändert")).to_be_visible()
    expect(anke.get_by_role("group", name="Der gespeicherte Text")).to_contain_text("Das schrieb Beate.")
    expect(anke.get_by_label("Text", exact=True)).to_have_value("Das schrieb Anke.")
    assert violations(anke) == []
    windows.picture(anke, "both")
    anke.get_by_role("button", name="Meinen Text als eigenen Entwurf speichern").click()
    anke.wait_for_url(lambda url: draft not in url)
    expect(anke.get_by_label("Text")).to_have_value("Das schrieb Anke.")
    bodies = {_body(admin.caller, each.id) for each in _drafts(admin.caller)}
    assert bodies == {"Das schrieb Beate.", "Das schrieb Anke."}


def test_replacing_a_colleagues_text_is_a_decision(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    colleague = house.colleague(practice)
    draft = _draft(admin.caller, house.patient(practice).id, "Termin", "Erster Stand")
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/drafts/{draft}")
    _save(colleague.caller, draft, 1, "Termin", "Das schrieb Beate.")
    page.get_by_label("Text").fill("Das schrieb Anke.")
    page.get_by_role("button", name="Den anderen durch meinen ersetzen").click()
    expect(page.locator("#state")).to_have_text(_SAVED)
    expect(page.get_by_label("Text")).to_have_value("Das schrieb Anke.")
    assert _body(admin.caller, draft) == "Das schrieb Anke."


def test_a_double_click_sends_once(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/new?patient={patient.id}")
    _fill(page, "Doppelt", individual_text())
    page.get_by_role("button", name="Senden").dblclick()
    page.wait_for_url("**/practice/conversations/**")
    assert [each.subject for each in _messages(admin.caller, patient.id)] == ["Doppelt"]


def test_a_lost_connection_is_said_and_the_message_arrives_once(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/new?patient={patient.id}")
    text = individual_text()
    _fill(page, "Verbindung", text)
    expect(page.locator("#state")).to_have_text(_SAVED)
    # The message arrives, its answer does not, and nothing else comes through.
    answers = 0

    def swallow(route: Route) -> None:
        nonlocal answers
        answers += 1
        route.fetch()
        route.abort("connectionreset")

    page.route("**/practice/drafts/write", swallow)
    for path in ("keep", "*/news**"):
        page.route(f"**/practice/drafts/{path}", lambda route: route.abort("connectionreset"))
    page.get_by_role("button", name="Senden").click()
    expect(page.get_by_role("alert").filter(has_text="wissen wir noch nicht")).to_be_visible()
    assert answers == 1
    assert violations(page) == []
    windows.picture(page, "unsure")
    expect(page.get_by_label("Text")).to_have_value(text)
    page.unroute("**/practice/drafts/write")
    page.get_by_role("button", name="Senden").click()
    page.wait_for_url("**/practice/conversations/**")
    assert [each.subject for each in _messages(admin.caller, patient.id)] == ["Verbindung"]
    windows.complaints.clear()


def test_offline_is_said_and_made_up_for(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/new?patient={house.patient(practice).id}")
    page.get_by_label("Betreff").fill("Unterwegs")
    expect(page.locator("#state")).to_have_text(_SAVED)
    page.context.set_offline(True)
    page.get_by_label("Text").fill("Im Tunnel geschrieben.")
    expect(page.locator("#state")).to_contain_text("wird erneut versucht")
    windows.picture(page, "offline")
    page.context.set_offline(False)
    expect(page.locator("#state")).to_have_text(_SAVED)
    assert [_body(admin.caller, each.id) for each in _drafts(admin.caller)] == ["Im Tunnel geschrieben."]
    windows.complaints.clear()


def test_a_page_that_was_locked_keeps_what_was_typed(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/new?patient={house.patient(practice).id}")
    page.context.clear_cookies(name="__Host-staff")
    page.get_by_label("Text").fill("Kurz weg gewesen.")
    cover = page.get_by_role("dialog", name="Gesperrt")
    cover.get_by_label("E-Mail-Adresse").fill(admin.email)
    cover.get_by_label("Passwort").fill(STAFF_PASSWORD)
    cover.get_by_role("button", name="Entsperren").click()
    expect(page.locator("#state")).to_have_text(_SAVED)
    assert [_body(admin.caller, each.id) for each in _drafts(admin.caller)] == ["Kurz weg gewesen."]


def test_nothing_is_kept_in_the_name_of_whoever_logged_in_meanwhile(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    beate = house.colleague(practice)
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/new?patient={house.patient(practice).id}")
    windows.give_cookie(page, "__Host-staff", beate.session)
    page.get_by_label("Text").fill("Das schrieb Anke.")
    expect(page.get_by_role("dialog", name="Gesperrt")).to_be_visible()
    assert _drafts(admin.caller) == []
    windows.give_cookie(page, "__Host-staff", admin.session)
    page.get_by_role("dialog").get_by_label("E-Mail-Adresse").fill(admin.email)
    page.get_by_role("dialog").get_by_label("Passwort").fill(STAFF_PASSWORD)
    page.get_by_role("button", name="Entsperren").click()
    expect(page.locator("#state")).to_have_text(_SAVED)
    assert [_body(admin.caller, each.id) for each in _drafts(admin.caller)] == ["Das schrieb Anke."]


def test_colleagues_see_who_is_writing(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    practice.admin.messages.SendMessage(message_to(patient.id))
    anke, beate = (
        windows.desktop(session=session) for session in (admin.session, house.colleague(practice).session)
    )
    anke.goto(f"/practice/new?patient={patient.id}")
    expect(anke.get_by_role("link", name="Zur Unterhaltung")).to_be_visible()
    beate.goto(f"/practice/new?patient={patient.id}")
    beate.get_by_label("Text").fill("Ich bin dran.")
    expect(anke.get_by_text("Beate Beispiel schreibt gerade")).to_be_visible()
    assert violations(anke) == []
    windows.picture(anke, "answering")
    beate.goto("/practice/drafts")
    expect(anke.get_by_text("schreibt gerade")).to_have_count(0)
    anke.goto(f"/practice/new?patient={patient.id}")
    expect(anke.get_by_role("heading", name="Schon begonnen")).to_be_visible()


def test_without_script_everything_is_a_form(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    page = windows.desktop(session=admin.session)
    page.route("**/*.js", lambda route: route.abort())
    page.goto("/practice/new")
    page.get_by_label("Name oder Geburtsdatum").fill("m")
    page.get_by_role("button", name="Suchen").click()
    expect(page.get_by_text("mindestens zwei Buchstaben")).to_be_visible()
    page.get_by_label("Name oder Geburtsdatum").fill("mustermann 12.08.1964")
    page.get_by_role("button", name="Suchen").click()
    page.get_by_role("link", name=re.compile("Mustermann, Erika")).click()
    page.get_by_label("Betreff").fill("Ohne Script")
    page.get_by_role("button", name="Entwurf speichern").last.click()
    expect(page.locator("#state")).to_have_text(_SAVED)
    text = individual_text()
    _fill(page, "Ohne Script", text)
    back = page.url
    page.get_by_role("button", name="Senden").click()
    page.wait_for_url("**/practice/conversations/**")
    # The draft's address, as the back button or a bookmark has it.
    page.goto(back)
    page.wait_for_url("**/practice/conversations/**")
    assert [each.subject for each in _messages(admin.caller, patient.id)] == ["Ohne Script"]
    windows.complaints.clear()


def test_going_back_and_sending_again_says_what_was_sent(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/new?patient={patient.id}")
    _fill(page, "Einmal", individual_text())
    expect(page.locator("#state")).to_have_text(_SAVED)
    other = page.context.new_page()
    other.goto(page.url)
    other.get_by_role("button", name="Senden").click()
    other.wait_for_url("**/practice/conversations/**")
    # The first window still shows the draft, changes it, and learns that it is a message by now.
    page.get_by_label("Text").fill("Etwas anderes.")
    expect(page.get_by_text("Diese Nachricht wurde schon gesendet.")).to_be_visible()
    expect(page.locator("#state")).to_have_text(_SAVED)
    assert [each.subject for each in _messages(admin.caller, patient.id)] == ["Einmal"]
    assert [_body(admin.caller, each.id) for each in _drafts(admin.caller)] == ["Etwas anderes."]


def test_one_text_for_many_is_held_and_says_so(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    text = individual_text()
    for number in range(10):
        patient = house.patient(practice, "Vera", f"Viel{'abcdefghij'[number]}")
        practice.admin.messages.SendMessage(message_to(patient.id, body=text))
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/new?patient={house.patient(practice, 'Ella', 'Elfte').id}")
    _fill(page, "Ihre Befunde", text)
    page.get_by_role("button", name="Senden").click()
    expect(page.get_by_text("Eine zweite Person muss ihn freigeben").first).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "held")


def test_it_fits_a_phone_at_night(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    practice.admin.practices.UpdatePractice(
        practices_pb2.UpdatePracticeRequest(
            settings=practices_pb2.PracticeSettings(
                absence_notice="Bis 3. Januar im Urlaub.\nVertretung: Weber."
            ),
            update_mask=FieldMask(paths=["absence_notice"]),
        )
    )
    patient = house.patient(practice, "Friederike-Charlotte", "von Hohenstein-Lindenallee zu Musterberg")
    page = windows.desktop(session=admin.session, dark=True)
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto("/practice/new")
    page.get_by_label("Name oder Geburtsdatum").press_sequentially("hohen")
    expect(page.get_by_role("option")).to_have_count(1)
    windows.picture(page, "choose")
    page.get_by_role("option").click()
    page.get_by_label("Betreff").fill(
        "Befund vom 12. November und was daraus folgt, wenn man es recht bedenkt"
    )
    page.get_by_label("Patient:in darf antworten").check()
    expect(page.locator("#state")).to_have_text(_SAVED)
    assert violations(page) == []
    windows.picture(page, "write")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.goto("/practice/drafts")
    expect(page.get_by_text(patient.contact.family_name).first).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "drafts")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def _file(name: str) -> FilePayload:
    return {"name": name, "mimeType": "application/pdf", "buffer": _PDF}


def _fill(page: Page, subject: str, text: str) -> None:
    page.get_by_label("Worum geht es?").select_option(label="Befund")
    page.get_by_label("Betreff").fill(subject)
    page.get_by_label("Text", exact=True).fill(text)


def _record(caller: Caller, given_name: str, family_name: str, *, email: str = "", mobile: str = "") -> str:
    data = patients_pb2.PatientData(
        given_name=given_name,
        family_name=family_name,
        birth_date="2019-05-04",
        email=email or "someone@post.example.com",
        mobile=mobile,
    )
    request = patients_pb2.CreatePatientRequest(request_id=new_id(), data=data)
    return caller.patients.CreatePatient(request).patient_id


def _draft(caller: Caller, patient_id: str, subject: str, body: str) -> str:
    content = drafts_pb2.DraftContent(subject=subject, body=body)
    request = drafts_pb2.CreateDraftRequest(request_id=new_id(), patient_id=patient_id, content=content)
    return caller.drafts.CreateDraft(request).draft_id


def _save(caller: Caller, draft_id: str, version: int, subject: str, body: str) -> None:
    content = drafts_pb2.DraftContent(subject=subject, body=body)
    request = drafts_pb2.SaveDraftRequest(
        request_id=new_id(), draft_id=draft_id, version=version, content=content
    )
    caller.drafts.SaveDraft(request)


def _drafts(caller: Caller) -> list[drafts_pb2.DraftSummary]:
    return list(caller.drafts.ListDrafts(drafts_pb2.ListDraftsRequest()).drafts)


def _body(caller: Caller, draft_id: str) -> str:
    return caller.drafts.GetDraft(drafts_pb2.GetDraftRequest(draft_id=draft_id)).draft.content.body


def _messages(caller: Caller, patient_id: str) -> list[messaging_pb2.MessageSummary]:
    request = messaging_pb2.ListMessagesRequest(patient_id=patient_id)
    return list(caller.messages.ListMessages(request).messages)


def _text(caller: Caller, message_id: str) -> str:
    request = messaging_pb2.OpenMessageRequest(message_id=message_id)
    return caller.messages.OpenMessage(request).message.body
