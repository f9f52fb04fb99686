"""What staff do with a message that was sent, or that is held."""

import re

from playwright.sync_api import Page, expect

from praxispost.messaging.v1 import messaging_pb2
from tests.browser.busy_practice import held, sent, unreachable, withdraw
from tests.browser.house import House
from tests.browser.windows import Windows, violations
from tests.story.cast import STAFF_PASSWORD, receipt, tick


def _details(page: Page, conversation_id: str, subject: str) -> None:
    page.goto(f"/practice/conversations/{conversation_id}")
    page.get_by_role("link", name=re.compile(f"Einzelheiten.*{subject}")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(subject)


def test_a_message_is_withdrawn_with_a_reason(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    message = sent(practice.admin, house.patient(practice), "Ihre Laborwerte")
    tick(practice.admin, message.message_id, messaging_pb2.RECEIPT_STATE_SENT)
    other = windows.desktop(session=admin.session)
    with other.expect_response("**/practice/events"):
        other.goto(f"/practice/conversations/{message.conversation_id}")
    page = windows.desktop(session=admin.session)
    _details(page, message.conversation_id, "Ihre Laborwerte")
    expect(page.get_by_text("Hinweis-E-Mail versandt")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "details")
    page.get_by_text("Zurückziehen", exact=True).click()
    page.get_by_label("Falsche Person").check()
    assert violations(page) == []
    windows.picture(page, "reason")
    page.get_by_role("button", name="Jetzt zurückziehen").click()
    expect(page.get_by_role("status").first).to_contain_text("nicht mehr öffnen")
    expect(page.get_by_text("Falsche Person, oder es betrifft jemand anderen.")).to_be_visible()
    expect(other.get_by_text("Falsche Person, oder es betrifft jemand anderen.")).to_be_visible()
    expect(other.get_by_text("rufen Sie uns bitte an.")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "withdrawn")


def test_a_message_is_closed_for_replies(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    message = sent(practice.admin, house.patient(practice), "Ihre Laborwerte")
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/conversations/{message.conversation_id}")
    expect(page.get_by_text("darf antworten bis")).to_be_visible()
    page.get_by_role("link", name="Einzelheiten").click()
    page.get_by_text("Für Antworten schließen").click()
    page.get_by_role("button", name="Jetzt schließen").click()
    expect(page.get_by_text("für Antworten geschlossen")).to_be_visible()


def test_misdirected_content_is_erased_with_the_password(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    assistant = house.colleague(practice)
    message = sent(practice.admin, house.patient(practice), "Ihre Laborwerte")
    withdraw(practice.admin, message.message_id)
    page = windows.desktop(session=assistant.session)
    _details(page, message.conversation_id, "Ihre Laborwerte")
    expect(page.get_by_text("nur die Verwaltung der Praxis")).to_be_visible()
    page = windows.desktop(session=admin.session)
    other = windows.desktop(session=admin.session)
    with other.expect_response("**/practice/events"):
        other.goto(f"/practice/conversations/{message.conversation_id}")
    expect(other.get_by_text("rufen Sie uns bitte an.")).to_be_visible()
    _details(page, message.conversation_id, "Ihre Laborwerte")
    expect(page.get_by_role("button", name="Jetzt zurückziehen")).to_have_count(0)
    page.get_by_text("Inhalt endgültig löschen").click()
    page.get_by_label("Ihr Passwort").fill("wrong and long enough")
    page.get_by_role("button", name="Endgültig löschen").click()
    expect(page.get_by_role("alert")).to_contain_text("Es ist nichts geschehen.")
    assert violations(page) == []
    windows.picture(page, "refused")
    page.get_by_label("Ihr Passwort").fill(STAFF_PASSWORD)
    page.get_by_role("button", name="Endgültig löschen").click()
    expect(page.get_by_role("status").first).to_contain_text("Der Inhalt ist gelöscht.")
    expect(page.get_by_text("Der Inhalt wurde gelöscht:")).to_be_visible()
    expect(other.get_by_text("Der Inhalt wurde gelöscht:")).to_be_visible()
    expect(other.get_by_text("rufen Sie uns bitte an.")).to_have_count(0)
    windows.picture(page, "erased")


def test_a_failed_prompt_is_sent_again(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    message = sent(practice.admin, unreachable(practice), "Ihre Überweisung")
    tick(practice.admin, message.message_id, messaging_pb2.RECEIPT_STATE_FAILED)
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/conversations/{message.conversation_id}")
    expect(page.get_by_text("Der Hinweis hat Konrad Weggezogen nicht erreicht.")).to_be_visible()
    windows.picture(page, "failed")
    page.get_by_role("link", name=re.compile("Erneut hinweisen")).click()
    page.get_by_role("button", name="Hinweis noch einmal senden").click()
    expect(page.get_by_role("status").first).to_contain_text("noch einmal versandt")


def test_what_changed_meanwhile_is_said(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    erika = house.patient(practice)
    message = sent(practice.admin, erika, "Ihre Laborwerte")
    page = windows.desktop(session=admin.session)
    _details(page, message.conversation_id, "Ihre Laborwerte")
    withdraw(practice.admin, message.message_id)
    page.get_by_text("Erneut hinweisen").click()
    page.get_by_role("button", name="Hinweis noch einmal senden").click()
    expect(page.get_by_role("alert")).to_contain_text("gelesen oder zurückgezogen")
    expect(page.get_by_role("button", name="Hinweis noch einmal senden")).to_have_count(0)


def test_a_second_person_releases_what_is_held(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    colleague = house.colleague(practice, "Jonas", "Weber")
    first, last = held(practice, practice.admin, house)
    page = windows.desktop(session=admin.session)
    page.goto("/practice/inbox")
    page.get_by_role("link", name="Angehalten").click()
    expect(page.get_by_role("listitem").filter(has_text="Beispiel 10")).to_be_visible()
    windows.picture(page, "filter")
    page.get_by_role("link", name="Beispiel 10, Gerda").click()
    expect(page.get_by_text("Noch nicht gesendet.")).to_be_visible()
    expect(page.get_by_text("Jetzt ist die beste Zeit")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "conversation")
    page.get_by_role("link", name=re.compile("Prüfen und entscheiden")).click()
    expect(page.get_by_text("Freigeben kann sie jemand anderes")).to_be_visible()
    expect(page.get_by_role("button", name="Freigeben und senden")).to_have_count(0)
    other = windows.desktop(session=colleague.session)
    other.goto(f"/practice/conversations/{last.conversation_id}/messages/{last.message_id}")
    expect(other.get_by_text("Jetzt ist die beste Zeit")).to_be_visible()
    assert violations(other) == []
    windows.picture(other, "decision")
    other.get_by_role("button", name="Freigeben und senden").click()
    expect(other.get_by_role("status").first).to_contain_text("Freigegeben.")
    assert receipt(practice.admin, first.message_id).state != messaging_pb2.RECEIPT_STATE_HELD
    page.get_by_role("button", name="Ablehnen").click()
    expect(page.get_by_role("alert")).to_contain_text("schon entschieden")
    expect(page.get_by_text("Freigegeben von Jonas Weber")).to_be_visible()


def test_who_works_alone_gives_password_and_reason(house: House, windows: Windows) -> None:
    practice, admin = house.practice("Praxis Solo")
    first, last = held(practice, practice.admin, house)
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/conversations/{first.conversation_id}/messages/{first.message_id}")
    page.get_by_role("button", name="Ablehnen").click()
    expect(page.get_by_role("status").first).to_contain_text("nicht gesendet")
    expect(page.locator(".receipt.rejected")).to_be_visible()
    page.goto(f"/practice/conversations/{last.conversation_id}/messages/{last.message_id}")
    page.get_by_label("Warum darf der Text an so viele?").fill("Impfaktion im Herbst")
    page.get_by_label("Ihr Passwort").fill("wrong and long enough")
    windows.picture(page, "alone")
    page.get_by_role("button", name="Freigeben und senden").click()
    expect(page.get_by_role("alert")).to_contain_text("Passwort stimmt nicht")
    expect(page.get_by_label("Warum darf der Text an so viele?")).to_have_value("Impfaktion im Herbst")
    page.get_by_label("Ihr Passwort").fill(STAFF_PASSWORD)
    page.get_by_role("button", name="Freigeben und senden").click()
    expect(page.get_by_role("status").first).to_contain_text("Freigegeben.")
    page.get_by_role("link", name="Einzelheiten").click()
    expect(page.get_by_text("Impfaktion im Herbst")).to_be_visible()
