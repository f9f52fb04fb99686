"""How an admin runs the practice."""

import re

from playwright.sync_api import Page, expect

from praxispost.identity.v1 import staff_pb2
from praxispost.messaging.v1 import work_pb2
from tests.browser.house import House, StaffMember
from tests.browser.windows import Windows, violations
from tests.story.cast import Practice, message_to, unique_email


def test_a_colleague_is_invited_gets_a_role_and_hands_over_when_disabled(
    house: House, windows: Windows
) -> None:
    practice, admin = house.practice()
    leaving = house.colleague(practice, "Beate", "Beispiel-Hohenstein von der Lindenallee")
    patient = house.patient(practice)
    sent = practice.admin.messages.SendMessage(message_to(patient.id))
    me = work_pb2.AssignRequest(conversation_id=sent.conversation_id, staff_id=_id(practice, leaving))
    leaving.caller.work.Assign(me)
    page = windows.desktop(session=admin.session)
    page.goto("/practice/administration")
    email = unique_email("neu")
    page.get_by_label("Vorname").fill("Nora")
    page.get_by_label("Nachname").fill("Neu")
    page.get_by_label("E-Mail-Adresse").fill(email)
    page.get_by_label("Rolle", exact=True).select_option("physician")
    page.get_by_role("button", name="Einladen", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text(email)
    expect(page.get_by_text("eingeladen", exact=True)).to_be_visible()
    assert house.stage.post.invitation_code(email)
    assert violations(page) == []
    windows.picture(page, "staff")
    page.get_by_label("Rolle von Beate").select_option("physician")
    page.get_by_role("button", name=re.compile("Rolle ändern.*Beate")).click()
    expect(page.get_by_role("status")).to_contain_text("Rolle ist geändert")
    page.get_by_role("link", name=re.compile("Sperren.*Beate")).click()
    assert violations(page) == []
    windows.picture(page, "disable")
    page.get_by_label("Wer übernimmt").select_option(label="Anke Admiral")
    page.get_by_role("button", name="Zugang sperren").click()
    expect(page.get_by_role("status")).to_contain_text("Übergebene Unterhaltungen: 1.")
    page.get_by_role("button", name=re.compile("Wieder freigeben.*Beate")).click()
    expect(page.get_by_role("status")).to_contain_text("wieder frei")


def test_what_could_not_be_handed_over_is_asked_for_again(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    leaving, gone = house.colleague(practice, "Beate"), house.colleague(practice, "Gustav")
    sent = practice.admin.messages.SendMessage(message_to(house.patient(practice).id))
    me = work_pb2.AssignRequest(conversation_id=sent.conversation_id, staff_id=_id(practice, leaving))
    leaving.caller.work.Assign(me)
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/administration/staff/{_id(practice, leaving)}/disable")
    to = page.get_by_label("Wer übernimmt")
    to.select_option(value=_id(practice, gone))
    practice.admin.staff.DisableStaffMember(staff_pb2.DisableStaffMemberRequest(staff_id=_id(practice, gone)))
    page.get_by_role("button", name="Zugang sperren").click()
    expect(page.get_by_role("alert")).to_contain_text("noch nicht übergeben")
    assert violations(page) == []
    to.select_option(label="Anke Admiral")
    page.get_by_role("button", name="Zugang sperren").click()
    expect(page.get_by_role("status")).to_contain_text("Übergebene Unterhaltungen: 1.")


def test_an_invitation_changed_after_going_back_is_said_to_be_another_one(
    house: House, windows: Windows
) -> None:
    _, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.goto("/practice/administration/staff")
    page.locator("[name=request_id]").evaluate("field => { window.name = field.value; }")
    _invite(page)
    expect(page.get_by_role("status")).to_contain_text("ist unterwegs")
    page.locator("[name=request_id]").evaluate("field => { field.value = window.name; }")
    other = _invite(page)
    expect(page.get_by_role("alert")).to_contain_text("ging schon eine Einladung hinaus")
    expect(page.get_by_label("E-Mail-Adresse")).to_have_value(other)
    page.get_by_role("button", name="Einladen", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text(other)


def _invite(page: Page) -> str:
    email = unique_email("neu")
    page.get_by_label("Vorname").fill("Nora")
    page.get_by_label("Nachname").fill("Neu")
    page.get_by_label("E-Mail-Adresse").fill(email)
    page.get_by_role("button", name="Einladen", exact=True).click()
    return email


def test_the_last_admin_stays(house: House, windows: Windows) -> None:
    _, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.goto("/practice/administration/staff")
    page.get_by_label("Rolle von Anke").select_option("assistant")
    page.get_by_role("button", name=re.compile("Rolle ändern.*Anke")).click()
    expect(page.get_by_role("alert")).to_contain_text("Jemand muss die Praxis verwalten")
    expect(page.get_by_label("Rolle von Anke")).to_have_value("admin")


def test_only_admins_see_the_administration(house: House, windows: Windows) -> None:
    practice, _ = house.practice()
    page = windows.desktop(session=house.colleague(practice).session)
    page.goto("/practice/inbox")
    expect(page.get_by_role("link", name="Verwaltung")).to_have_count(0)
    page.goto("/practice/administration/staff")
    expect(page.get_by_role("heading", level=1)).to_have_text("Diese Seite gibt es nicht")


def test_settings_are_kept_and_wrong_ones_are_said(house: House, windows: Windows) -> None:
    _, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.goto("/practice/administration/settings")
    page.get_by_label("Name auf Hinweis-E-Mails").fill("Praxis Lindenallee")
    page.get_by_label("Abwesenheit").fill("Bis 3. Januar im Urlaub.\nVertretung: Praxis Weber.")
    page.get_by_label("Link zu Ihrem Impressum").fill("https://praxis.example/impressum")
    page.get_by_role("button", name="Speichern").first.click()
    expect(page.get_by_role("status")).to_have_text("Gespeichert.")
    expect(page.get_by_label("Abwesenheit")).to_have_value(
        "Bis 3. Januar im Urlaub.\nVertretung: Praxis Weber."
    )
    assert violations(page) == []
    windows.picture(page, "settings")
    page.get_by_label("Name der Praxis").fill(" ")
    page.get_by_role("button", name="Speichern").first.click()
    expect(page.get_by_role("alert")).to_contain_text("nichts gespeichert")
    expect(page.get_by_text("Der Name hat 1 bis 120 Zeichen.")).to_be_visible()
    page.get_by_label("Name der Praxis").fill("Hausarztpraxis am Park")
    page.get_by_label("Link zu Ihrem Impressum").fill("http://praxis.example")
    page.get_by_role("button", name="Speichern").first.click()
    expect(page.get_by_text("mit https:// beginnt")).to_be_visible()
    expect(page.get_by_label("Link zu Ihrem Impressum")).to_have_value("http://praxis.example")


def test_a_program_gets_in_and_out(house: House, windows: Windows) -> None:
    _, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.goto("/practice/administration/programs")
    page.get_by_label("Name, zum Wiedererkennen").fill("Praxisprogramm")
    page.get_by_role("button", name="Anlegen").click()
    expect(page.get_by_text("nur dieses eine Mal")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "programs")
    page.goto("/practice/administration/programs")
    expect(page.get_by_text("nur dieses eine Mal")).to_have_count(0)
    page.get_by_role("button", name=re.compile("Sperren.*Praxisprogramm")).click()
    expect(page.get_by_text("gesperrt", exact=True)).to_be_visible()


def _id(practice: Practice, member: StaffMember) -> str:
    found = practice.admin.staff.ListStaffMembers(staff_pb2.ListStaffMembersRequest()).staff_members
    return next(each.id for each in found if each.email == member.email)
