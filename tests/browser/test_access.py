"""How staff let in who cannot get in."""

from playwright.sync_api import Page, expect

from praxispost.identity.v1 import access_pb2, access_pb2_grpc
from praxispost.messaging.v1 import messaging_pb2
from praxispost.notifier.v1 import prompts_pb2, prompts_pb2_grpc
from tests.browser.house import House, Patient
from tests.browser.windows import Windows, violations
from tests.story.callers import Caller
from tests.story.cast import (
    Contact,
    Practice,
    Registration,
    eventually,
    message_to,
    refusal_of,
    tick,
    unique_email,
    unique_mobile,
)
from tests.story.hard_cases.prompts import REFERENCE


def _patient(practice: Practice, contact: Contact) -> Patient:
    return Patient(practice.record(practice.admin, contact), contact)


def _access(staff: Caller, patient: Patient) -> access_pb2.GetAccessResponse:
    stub = access_pb2_grpc.AccessServiceStub(staff.channel("identity"))
    return stub.GetAccess(access_pb2.GetAccessRequest(patient_id=patient.id))


def _noticed(staff: Caller, patient: Patient, obstacle: access_pb2.AccessObstacle.ValueType) -> None:
    eventually(
        lambda: [each.obstacle for each in _access(staff, patient).attempts],
        lambda seen: seen == [obstacle],
        "the attempt is not noticed",
    )


def _help(page: Page, patient: Patient) -> None:
    page.goto(f"/practice/patients/{patient.id}/access")
    expect(page.get_by_role("heading", level=1)).to_have_text("Kommt nicht hinein?")


def test_another_number_and_birth_date_are_corrected_without_registering_again(
    house: House, windows: Windows
) -> None:
    practice, admin = house.practice()
    says = Contact("Karin", "Falsch", "1958-03-04", unique_email("karin"), unique_mobile())
    record = Contact(says.given_name, says.family_name, "1985-03-04", says.email, unique_mobile())
    patient = _patient(practice, record)
    page = windows.desktop(session=admin.session)
    with page.expect_response("**/practice/events"):
        page.goto(f"/practice/patients/{patient.id}")
    registration = Registration(house.stage, says)
    registration.prove_email()
    expect(page.get_by_text("kommt nicht hinein.")).to_be_visible()
    windows.picture(page, "card")
    page.get_by_role("link", name="Helfen").click()
    expect(page.get_by_text("Die Handynummer ist eine andere")).to_be_visible()
    assert says.mobile not in page.content()
    assert violations(page) == []
    windows.picture(page, "mobile")
    page.get_by_role("link", name="Handynummer berichtigen").click()
    expect(page.get_by_label("Handynummer")).to_be_focused()
    page.get_by_label("Handynummer").fill(says.mobile)
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("status")).to_contain_text("Gespeichert.")
    _noticed(admin.caller, patient, access_pb2.ACCESS_OBSTACLE_NONE)
    registration.resend()
    registration.prove_mobile()
    assert refusal_of(registration.complete).reason == "NOT_MATCHED"
    _noticed(admin.caller, patient, access_pb2.ACCESS_OBSTACLE_BIRTH_DATE)
    _help(page, patient)
    expect(page.get_by_text("Handynummer bestätigt")).to_be_visible()
    page.get_by_role("link", name="Geburtsdatum berichtigen").click()
    page.get_by_label("Geburtsdatum").fill("04.03.1958")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text("Konto verknüpft", exact=True)).to_be_visible()
    expect(page.get_by_text("kommt nicht hinein.")).to_have_count(0)


def test_a_locked_birth_date_is_released(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    contact = Contact("Otto", "Vergess", "1938-03-04", unique_email("otto"), unique_mobile())
    patient = _patient(practice, contact)
    registration = Registration(house.stage, contact)
    registration.prove_email()
    registration.prove_mobile()
    for _ in range(3):
        assert refusal_of(registration.complete, "1939-03-04").reason == "NOT_MATCHED"
    _noticed(admin.caller, patient, access_pb2.ACCESS_OBSTACLE_BIRTH_DATE_LOCKED)
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/patients/{patient.id}")
    expect(page.get_by_text("Geburtsdatum gesperrt")).to_be_visible()
    page.get_by_role("link", name="Helfen").click()
    assert violations(page) == []
    windows.picture(page, "locked")
    page.get_by_role("button", name="Geburtsdatum freigeben").click()
    expect(page.get_by_role("status")).to_contain_text("noch dreimal")
    assert registration.complete().bound == 1
    page.reload()
    expect(page.get_by_text("Ein Konto ist verknüpft.")).to_be_visible()


def test_a_task_is_settled_otherwise(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    contact = Contact("Karin", "Falsch", "1958-03-04", unique_email("karin"), unique_mobile())
    patient = _patient(practice, contact)
    wrong = Contact("Karin", "Falsch", "1958-03-04", contact.email, unique_mobile())
    Registration(house.stage, wrong).prove_email()
    _noticed(admin.caller, patient, access_pb2.ACCESS_OBSTACLE_MOBILE)
    page = windows.desktop(session=admin.session, dark=True)
    page.set_viewport_size({"width": 360, "height": 740})
    _help(page, patient)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    windows.picture(page, "dark")
    page.get_by_role("button", name="Anders erledigt").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Erledigt.")
    expect(page.get_by_role("button", name="Anders erledigt")).to_have_count(0)
    assert not _access(admin.caller, patient).HasField("task_opened_at")


def test_an_address_that_sent_a_prompt_back_is_corrected_or_confirmed(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    contact = Contact("Hans", "Zurück", "1950-01-02", unique_email("late-bounce-hans"), unique_mobile())
    patient = _patient(practice, contact)
    sent = practice.admin.messages.SendMessage(message_to(patient.id))
    tick(practice.admin, sent.message_id, messaging_pb2.RECEIPT_STATE_FAILED)
    eventually(
        lambda: _access(practice.admin, patient), lambda seen: seen.address_refused, "identity has not heard"
    )
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/patients/{patient.id}")
    expect(page.get_by_text("Eine Hinweis-E-Mail kam zurück.")).to_be_visible()
    windows.picture(page, "card")
    page.get_by_role("link", name="Adresse klären").click()
    expect(page.get_by_text("Kam zurück", exact=True)).to_be_visible()
    expect(page.get_by_text("Erneut senden geht, sobald die Adresse geklärt ist.")).to_be_visible()
    page.get_by_text("Einzelheiten").first.click()
    assert violations(page) == []
    windows.picture(page, "bounced")
    page.get_by_role("button", name="Adresse stimmt").click()
    expect(page.get_by_role("status")).to_contain_text("Die Adresse gilt wieder.")
    page.get_by_role("button", name="Hinweis erneut senden").click()
    expect(page.get_by_role("status")).to_contain_text("noch einmal gesandt")
    expect(page.get_by_text("Erneut: von Ihnen")).to_be_visible()
    windows.picture(page, "again")


def test_not_for_me_is_told_and_the_address_corrected(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(
        practice, "Maximiliane-Friederike Charlotte", "von und zu Hohenstein-Wittgenstein"
    )
    practice.admin.messages.SendMessage(message_to(patient.id))
    found = REFERENCE.search(house.stage.post.prompt(patient.contact.email).text)
    assert found is not None
    prompts = prompts_pb2_grpc.PromptServiceStub(practice.admin.channel("notifier"))
    wanted = prompts_pb2.ListPromptsRequest(patient_id=patient.id)
    eventually(
        lambda: prompts.ListPrompts(wanted).prompts[0].state,
        lambda state: state == prompts_pb2.PROMPT_STATE_ACCEPTED,
        "the prompt is not accepted",
    )
    reporting = prompts_pb2_grpc.PromptServiceStub(house.stage.portal.channel("notifier"))
    page = windows.desktop(session=admin.session)
    _help(page, patient)
    reporting.ReportNotForMe(prompts_pb2.ReportNotForMeRequest(reference=found[1]))
    expect(page.get_by_text("hat „Nicht für mich“ gewählt")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "not-for-me")
    page.get_by_role("link", name="Adresse berichtigen").click()
    new = unique_email("richtig")
    page.get_by_label("E-Mail-Adresse").fill(new)
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("status")).to_contain_text("Gespeichert.")
    house.stage.post.prompt(new)
    _help(page, patient)
    expect(page.get_by_text("(an frühere Kontaktdaten)")).to_be_visible()


def test_what_was_read_meanwhile_needs_no_prompt(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    page = windows.desktop(session=admin.session)
    _help(page, patient)
    expect(page.get_by_text("Noch keine Hinweis-E-Mail")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "empty")
    sent = practice.admin.messages.SendMessage(message_to(patient.id))
    page.route("**/practice/events", lambda route: route.abort())
    page.reload()
    account = house.account(house.registered(patient))
    account.messages.OpenMessage(
        messaging_pb2.OpenMessageRequest(practice_id=practice.id, message_id=sent.message_id)
    )
    page.get_by_role("button", name="Hinweis erneut senden").click()
    expect(page.get_by_role("alert")).to_contain_text("Es braucht keinen Hinweis mehr.")
    expect(page.get_by_text("Alles ist gelesen")).to_be_visible()
    windows.complaints.clear()
