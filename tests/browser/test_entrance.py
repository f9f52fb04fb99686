"""How staff come in."""

from playwright.sync_api import expect

from praxispost.messaging.v1 import messaging_pb2
from tests.browser.house import House
from tests.browser.windows import Windows, violations
from tests.story.cast import STAFF_PASSWORD, message_to, new_id


def test_staff_log_in_and_out(house: House, windows: Windows) -> None:
    _, admin = house.practice()
    page = windows.desktop()
    page.goto("/practice/login")
    windows.picture(page, "form")
    assert violations(page) == []
    page.get_by_label("E-Mail-Adresse").fill(admin.email)
    page.get_by_label("Passwort").fill("wrong and long enough")
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("alert")).to_contain_text("stimmen nicht")
    expect(page.get_by_label("E-Mail-Adresse")).to_have_value(admin.email)
    page.get_by_label("Passwort").fill(STAFF_PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Patienten-Nachrichten")
    windows.picture(page, "inbox")
    page.get_by_role("button", name="Abmelden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden für Praxen")
    page.goto("/practice/inbox")
    expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden für Praxen")


def test_the_badge_follows_what_needs_somebody(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    page = windows.desktop(session=admin.session)
    with page.expect_response("**/practice/events"):
        page.goto("/practice/inbox")
    message = practice.admin.messages.SendMessage(message_to(patient.id))
    account = house.account(house.registered(patient))
    account.messages.SendReply(
        messaging_pb2.SendReplyRequest(
            request_id=new_id(), practice_id=practice.id, in_reply_to=message.message_id, body="Danke."
        )
    )
    expect(page.locator("#badge")).to_contain_text("1 wartet auf jemanden")


def test_a_page_that_nobody_looks_at_follows_again_when_somebody_does(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.clock.install()
    with page.expect_response("**/practice/events"):
        page.goto("/practice/inbox")
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/practice/events")):
        page.clock.fast_forward("01:01")
    practice.admin.messages.SendMessage(message_to(house.patient(practice).id, "Ihr Rezept"))
    with page.expect_response("**/practice/events"):
        page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("listitem").filter(has_text="Ihr Rezept")).to_be_visible()


def test_a_page_left_alone_goes_on_where_it_was(house: House, windows: Windows) -> None:
    _, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.goto("/practice/administration/settings")
    page.get_by_label("Abwesenheit").fill("Bis Montag geschlossen.")
    page.get_by_role("button", name="Sperren").click()
    cover = page.get_by_role("dialog", name="Gesperrt")
    expect(cover).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "locked")
    page.keyboard.press("Escape")
    expect(cover).to_be_visible()
    cover.get_by_label("E-Mail-Adresse").fill(admin.email)
    cover.get_by_label("Passwort").fill("wrong and long enough")
    cover.get_by_role("button", name="Entsperren").click()
    expect(cover.get_by_role("alert")).to_contain_text("stimmen nicht")
    cover.get_by_label("Passwort").fill(STAFF_PASSWORD)
    cover.get_by_role("button", name="Entsperren").click()
    expect(cover).to_have_count(0)
    expect(page.get_by_label("Abwesenheit")).to_have_value("Bis Montag geschlossen.")
    page.get_by_role("button", name="Speichern").first.click()
    expect(page.get_by_role("status")).to_have_text("Gespeichert.")


def test_a_locked_page_is_not_opened_for_somebody_else(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.goto("/practice/administration/settings")
    page.get_by_label("Abwesenheit").fill("Bis Montag geschlossen.")
    page.get_by_role("button", name="Sperren").click()
    cover = page.get_by_role("dialog", name="Gesperrt")
    cover.get_by_label("E-Mail-Adresse").fill(house.colleague(practice).email)
    cover.get_by_label("Passwort").fill(STAFF_PASSWORD)
    cover.get_by_role("button", name="Entsperren").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Patienten-Nachrichten")


def test_whoever_logs_in_ends_the_session_that_was_open_there(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    colleague = house.colleague(practice)
    page = windows.desktop(session=admin.session)
    page.goto("/practice/login")
    page.get_by_label("E-Mail-Adresse").fill(colleague.email)
    page.get_by_label("Passwort").fill(STAFF_PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Patienten-Nachrichten")
    other = windows.desktop(session=admin.session)
    other.goto("/practice/inbox")
    expect(other.get_by_role("heading", level=1)).to_have_text("Anmelden für Praxen")


def test_a_page_is_not_gone_on_with_by_somebody_else(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.goto("/practice/inbox")
    windows.give_cookie(page, "__Host-staff", house.colleague(practice).session)
    # As after a lost connection.
    page.evaluate("document.dispatchEvent(new CustomEvent('praxispost:back'))")
    expect(page.get_by_role("dialog", name="Gesperrt")).to_be_visible()


def test_a_page_is_locked_and_stays_locked_without_a_line(house: House, windows: Windows) -> None:
    _, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.goto("/practice/inbox")
    page.route("**/practice/log**", lambda route: route.abort())
    page.get_by_role("button", name="Sperren").click()
    expect(page.locator("dialog.again")).to_be_visible()
    page.unroute("**/practice/log**")
    cover = page.get_by_role("dialog", name="Gesperrt")
    cover.get_by_label("E-Mail-Adresse").fill(admin.email)
    cover.get_by_label("Passwort").fill(STAFF_PASSWORD)
    page.route("**/practice/login/again", lambda route: route.abort())
    cover.get_by_role("button", name="Entsperren").click()
    expect(cover.get_by_role("alert")).to_contain_text("Gerade nicht erreichbar")
    assert violations(page) == []
    windows.picture(page, "unreachable")
    page.unroute("**/practice/login/again")
    cover.get_by_role("button", name="Entsperren").click()
    expect(cover).to_have_count(0)
    windows.complaints.clear()


def test_a_page_left_alone_without_a_line_is_covered_too(house: House, windows: Windows) -> None:
    _, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.clock.install()
    page.goto("/practice/inbox")
    with page.expect_response("**/practice/person") as asked:
        page.clock.fast_forward("16:00")
    assert asked.value.ok
    expect(page.locator("dialog.again")).to_have_count(0)
    page.context.set_offline(True)
    page.clock.fast_forward("16:00")
    expect(page.locator("dialog.again")).to_be_visible()
    page.context.set_offline(False)
    page.clock.fast_forward("00:04")
    expect(page.get_by_role("dialog", name="Gesperrt").get_by_label("Passwort")).to_be_visible()
    windows.complaints.clear()


def test_a_page_that_the_browser_kept_is_covered_when_the_session_has_ended(
    house: House, windows: Windows
) -> None:
    _, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.goto("/practice/inbox")
    page.context.clear_cookies(name="__Host-staff")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(page.get_by_role("dialog", name="Gesperrt")).to_be_visible()


def test_a_form_sent_after_the_session_has_ended_is_not_lost(house: House, windows: Windows) -> None:
    _, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.goto("/practice/administration/settings")
    page.get_by_label("Abwesenheit").fill("Bis Montag geschlossen.\nVertretung: Praxis Weber.")
    page.context.clear_cookies(name="__Host-staff")
    page.get_by_role("button", name="Speichern").first.click()
    expect(page.get_by_text("ist noch da")).to_be_visible()
    page.get_by_label("E-Mail-Adresse").fill(admin.email)
    page.get_by_label("Passwort").fill(STAFF_PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    page.get_by_role("button", name="Jetzt weiter").click()
    expect(page.get_by_role("status")).to_have_text("Gespeichert.")
    expect(page.get_by_label("Abwesenheit")).to_have_value(
        "Bis Montag geschlossen.\nVertretung: Praxis Weber."
    )


def test_a_form_of_somebody_else_is_not_sent_on(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.goto("/practice/administration/settings")
    page.get_by_label("Abwesenheit").fill("Bis Montag geschlossen.")
    page.context.clear_cookies(name="__Host-staff")
    page.get_by_role("button", name="Speichern").first.click()
    page.get_by_label("E-Mail-Adresse").fill(house.colleague(practice).email)
    page.get_by_label("Passwort").fill(STAFF_PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_text("wird nicht übernommen")).to_be_visible()
    assert "Bis Montag" not in page.content()
    assert violations(page) == []
    page.get_by_role("link", name="Zu den Nachrichten").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Patienten-Nachrichten")
