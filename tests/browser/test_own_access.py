"""How a staff member comes into the practice, and what belongs to the own access."""

import re

from playwright.sync_api import expect

from praxispost.identity.v1 import staff_pb2
from tests.browser.house import House
from tests.browser.windows import Windows, violations
from tests.story.cast import STAFF_PASSWORD, new_id, unique_email

_NEW = "Sieben graue Reiher warten"


def test_an_invitation_is_accepted_and_leads_to_the_work(house: House, windows: Windows) -> None:
    practice, _ = house.practice()
    email = unique_email("neu")
    invitation = staff_pb2.InviteStaffMemberRequest(
        request_id=new_id(),
        email=email,
        given_name="Nora",
        family_name="Neu",
        role=staff_pb2.STAFF_ROLE_ASSISTANT,
    )
    practice.admin.staff.InviteStaffMember(invitation)
    code = house.stage.post.invitation_code(email)
    page = windows.desktop()
    page.goto("/invitation")
    expect(page.get_by_text("Mindestens 15 Zeichen")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "form")
    page.get_by_label("E-Mail-Adresse").fill(email)
    page.get_by_label("Code aus der E-Mail").fill(code.lower())
    page.get_by_label("Neues Passwort", exact=True).fill("zu kurz")
    page.get_by_label("Noch einmal").fill("zu kurz")
    page.get_by_role("button", name="Annehmen").click()
    expect(page.get_by_text("Das sind erst 7 Zeichen")).to_be_visible()
    expect(page.get_by_label("Code aus der E-Mail")).to_have_value(code.lower())
    page.get_by_label("Neues Passwort", exact=True).fill(_NEW)
    page.get_by_label("Noch einmal").fill(f"{_NEW}!")
    page.get_by_role("button", name="Annehmen").click()
    expect(page.get_by_text("Hier steht etwas anderes")).to_be_visible()
    page.get_by_label("Code aus der E-Mail").fill("AAAAA-AAAAA")
    page.get_by_label("Neues Passwort", exact=True).fill(_NEW)
    page.get_by_label("Noch einmal").fill(_NEW)
    page.get_by_role("button", name="Annehmen").click()
    expect(page.get_by_text("Adresse und Code passen nicht zusammen")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "refused")
    page.get_by_label("Code aus der E-Mail").fill(code)
    page.get_by_label("Neues Passwort", exact=True).fill(_NEW)
    page.get_by_label("Noch einmal").fill(_NEW)
    page.get_by_role("button", name="Annehmen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Patienten-Nachrichten")


def test_the_own_access_shows_where_one_is_logged_in_and_ends_that(house: House, windows: Windows) -> None:
    practice, _ = house.practice()
    member = house.colleague(practice, "Friederike-Charlotte", "von Hohenstein-Lindenallee zu Musterberg")
    elsewhere = windows.desktop(session=house.staff_session(member.email))
    page = windows.desktop(session=member.session)
    page.goto("/practice/profile")
    expect(page.get_by_text(member.email)).to_be_visible()
    expect(page.get_by_text("dieses Gerät")).to_have_count(1)
    assert violations(page) == []
    windows.picture(page, "profile")
    page.get_by_role("button", name=re.compile("^Beenden")).first.click()
    expect(page.get_by_role("status")).to_have_text("Diese Anmeldung ist beendet.")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My access")
    page.get_by_role("button", name="Deutsch").click()
    page.get_by_role("button", name=re.compile("^Beenden|Alle anderen")).last.click()
    expect(page.get_by_role("button", name=re.compile("^Beenden"))).to_have_count(0)
    elsewhere.goto("/practice/inbox")
    expect(elsewhere.get_by_role("heading", level=1)).to_have_text("Anmelden für Praxen")


def test_the_password_is_changed_with_the_old_one(house: House, windows: Windows) -> None:
    practice, _ = house.practice()
    member = house.colleague(practice)
    page = windows.desktop(session=member.session, dark=True)
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto("/practice/profile")
    for old, new, said in (
        ("Dreizehn blaue Schwäne", _NEW, "Das ist nicht Ihr bisheriges Passwort."),
        (STAFF_PASSWORD, "passwortpasswort", "Dieses Passwort ist zu leicht zu erraten"),
    ):
        page.get_by_label("Bisheriges Passwort").fill(old)
        page.get_by_label("Neues Passwort", exact=True).fill(new)
        page.get_by_label("Noch einmal").fill(new)
        page.get_by_role("button", name="Passwort ändern").click()
        expect(page.get_by_text(said)).to_be_visible()
        expect(page.get_by_role("alert")).to_contain_text("noch das alte")
    assert violations(page) == []
    windows.picture(page, "refused")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_label("Bisheriges Passwort").fill(STAFF_PASSWORD)
    page.get_by_label("Neues Passwort", exact=True).fill(_NEW)
    page.get_by_label("Noch einmal").fill(_NEW)
    page.get_by_role("button", name="Passwort ändern").click()
    expect(page.get_by_role("status")).to_contain_text("Das neue Passwort gilt.")
    login = windows.desktop()
    login.goto("/practice/login")
    login.get_by_label("E-Mail-Adresse").fill(member.email)
    login.get_by_label("Passwort").fill(_NEW)
    login.get_by_role("button", name="Anmelden").click()
    expect(login.get_by_role("heading", level=1)).to_have_text("Patienten-Nachrichten")
