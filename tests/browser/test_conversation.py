"""How staff read and follow a conversation with a patient."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from praxispost.messaging.v1 import messaging_pb2, work_pb2
from tests.browser.busy_practice import (
    LONG_NAME,
    BusyPractice,
    answer,
    busy_practice,
    opened,
    sent,
    withdraw,
)
from tests.browser.house import House
from tests.browser.windows import Windows, violations
from tests.story.cast import Document, message_to, receipt, tick, upload

_LETTER = "Sehr geehrte Frau Mustermann,\n\nIhre Werte sind gut.\n\n" + "Donaudampfschifffahrt" * 12


@pytest.fixture(scope="module")
def busy(house: House) -> BusyPractice:
    return busy_practice(house)


def _go(page: Page, conversation_id: str) -> None:
    """Opens a conversation, and waits until its hints come."""
    with page.expect_response("**/practice/events"):
        page.goto(f"/practice/conversations/{conversation_id}")
    expect(page.locator(".bubble").first).to_be_visible()


def test_an_answer_is_read_when_somebody_looks(busy: BusyPractice, windows: Windows) -> None:
    page = windows.desktop(session=busy.admin.session)
    page.goto("/practice/inbox")
    page.get_by_role("link", name="Mustermann, Erika").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Erika Mustermann")
    expect(page).to_have_title("Unterhaltung · Praxispost")
    expect(page.get_by_text("Muss ich noch einmal zur Blutabnahme kommen?")).to_be_visible()
    expect(page.locator(".bubble.ours .receipt.read")).to_have_count(1)
    expect(page.locator("#state")).not_to_contain_text("neue Antwort")
    assert violations(page) == []
    windows.picture(page, "read")


def test_a_receipt_shows_its_evidence_to_keyboard_and_mouse(busy: BusyPractice, windows: Windows) -> None:
    page = windows.desktop(session=busy.admin.session)
    _go(page, busy.answered.conversation_id)
    mark = page.get_by_role("button", name="geöffnet", exact=True)
    mark.focus()
    page.keyboard.press("Enter")
    facts = page.locator(".receipt-facts:popover-open")
    expect(facts).to_contain_text("von Patient:in.")
    assert violations(page) == []
    windows.picture(page, "receipt")
    page.keyboard.press("Escape")
    expect(facts).to_have_count(0)
    mark.hover()
    expect(facts).to_contain_text("Geöffnet")
    page.mouse.move(5, 5)
    expect(facts).to_have_count(0)


def test_the_tick_turns_green_in_the_open_page(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    erika = house.patient(practice)
    message = sent(practice.admin, erika, "Ihre Laborwerte", _LETTER)
    reader = house.account(house.registered(erika))
    tick(practice.admin, message.message_id, messaging_pb2.RECEIPT_STATE_SENT)
    page = windows.desktop(session=admin.session)
    _go(page, message.conversation_id)
    bubble = page.locator(f"#m-{message.message_id}")
    expect(bubble.locator(".receipt.sent")).to_be_visible()
    expect(bubble).to_contain_text("Ihre Werte sind gut.")
    opened(reader, practice, message.message_id)
    expect(bubble.locator(".receipt.read")).to_be_visible()
    expect(bubble).to_contain_text("Ihre Werte sind gut.")


def test_an_answer_that_comes_meanwhile_stays_closed(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    erika = house.patient(practice)
    message = sent(practice.admin, erika, "Ihre Laborwerte")
    reader = house.account(house.registered(erika))
    page = windows.desktop(session=admin.session)
    _go(page, message.conversation_id)
    reply = answer(reader, practice, message.message_id, "Vielen Dank!\nBis Montag.")
    button = page.get_by_role("button", name=re.compile("Neue Antwort . öffnen"))
    expect(button).to_be_visible()
    expect(page.locator("#state")).to_contain_text("neue Antwort")
    assert receipt(practice.admin, reply).state == messaging_pb2.RECEIPT_STATE_SENT
    windows.picture(page, "closed")
    page.get_by_role("button", name="Als erledigt markieren").click()
    # The page was loaded again by a person's own act: that opens the answer.
    expect(page.get_by_role("alert")).to_contain_text("ungelesene Antworten")
    expect(page.get_by_text("Bis Montag.")).to_be_visible()
    tick(practice.admin, reply, messaging_pb2.RECEIPT_STATE_READ)
    second = answer(reader, practice, message.message_id, "Noch etwas.")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Noch etwas.")).to_be_visible()
    tick(practice.admin, second, messaging_pb2.RECEIPT_STATE_READ)
    expect(page.get_by_text("Bis Montag.")).to_be_visible()


def test_a_conversation_is_finished_reopened_and_assigned(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    house.colleague(practice, "Jonas", "Weber")
    message = sent(practice.admin, house.patient(practice), "Ihre Laborwerte")
    page = windows.desktop(session=admin.session)
    other = windows.desktop(session=admin.session)
    _go(other, message.conversation_id)
    _go(page, message.conversation_id)
    page.get_by_label("Zugewiesen an").select_option(label="Jonas Weber")
    page.get_by_role("button", name="Zuweisen").click()
    expect(page.get_by_role("status").first).to_have_text("Zugewiesen.")
    expect(other.get_by_label("Zugewiesen an")).to_have_value(
        page.get_by_label("Zugewiesen an").input_value()
    )
    page.get_by_role("button", name="Als erledigt markieren").click()
    expect(page.locator("#state")).to_contain_text("erledigt")
    expect(other.locator("#state")).to_contain_text("erledigt")
    page.get_by_role("button", name="Wieder öffnen").click()
    expect(page.locator("#state")).to_contain_text("offen")
    assert violations(page) == []


def test_who_is_writing_is_seen_and_forgotten(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    colleague = house.colleague(practice, "Jonas", "Weber")
    message = sent(practice.admin, house.patient(practice), "Ihre Laborwerte")
    page = windows.desktop(session=admin.session)
    _go(page, message.conversation_id)
    announcement = work_pb2.AnnounceAnsweringRequest(conversation_id=message.conversation_id)
    colleague.caller.work.AnnounceAnswering(announcement)
    expect(page.get_by_text("Jonas Weber schreibt gerade")).to_be_visible()
    announcement.stopped = True
    colleague.caller.work.AnnounceAnswering(announcement)
    expect(page.get_by_text("Jonas Weber schreibt gerade")).to_have_count(0)


def test_five_hundred_messages_stay_quick(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    erika = house.patient(practice)
    messages = [
        sent(practice.admin, erika, f"Nachricht Nummer {number}", f"Text {number}.\n" * 3)
        for number in range(1, 501)
    ]
    page = windows.desktop(session=admin.session)
    with page.expect_response("**/messages") as answered:
        page.goto(f"/practice/conversations/{messages[0].conversation_id}")
    timing = answered.value.request.timing
    expect(page.get_by_role("heading", name="Nachricht Nummer 500")).to_be_in_viewport()
    assert timing["responseEnd"] - timing["requestStart"] < 1500
    expect(page.locator(".bubble")).to_have_count(30)
    page.get_by_role("button", name="Ältere Nachrichten").click()
    expect(page.locator(".bubble")).to_have_count(60)
    expect(page.get_by_role("heading", name="Nachricht Nummer 471", exact=True)).to_be_in_viewport()
    windows.picture(page, "older")
    while page.get_by_role("button", name="Ältere Nachrichten").count():
        count = page.locator(".bubble").count()
        page.get_by_role("button", name="Ältere Nachrichten").click()
        expect(page.locator(".bubble")).to_have_count(min(count + 30, 500))
    expect(page.get_by_text("Anfang der Unterhaltung")).to_have_count(1)


@pytest.mark.parametrize("dark", [False, True])
def test_long_words_and_names_fit_on_a_narrow_screen(house: House, windows: Windows, dark: bool) -> None:
    practice, admin = house.practice()
    somebody = house.patient(practice, *LONG_NAME)
    document = Document("Befund " + "Rindfleischetikettierung" * 4 + ".pdf", "application/pdf", b"%PDF-1.4 x")
    attachment = upload(practice.admin, practice.id, somebody.id, document)
    message = practice.admin.messages.SendMessage(
        message_to(somebody.id, "Unterlagen " * 15, _LETTER, attachment_ids=[attachment])
    )
    second = sent(practice.admin, somebody, "Falsch gesendet")
    withdraw(practice.admin, second.message_id)
    page = windows.desktop(session=admin.session, dark=dark)
    page.set_viewport_size({"width": 360, "height": 780})
    _go(page, message.conversation_id)
    expect(page.get_by_text("Rindfleischetikettierung").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert violations(page) == []
    windows.picture(page, "narrow")
    page.set_viewport_size({"width": 1280, "height": 800})
    windows.picture(page, "wide")


def test_a_conversation_that_does_not_load_offers_to_try_again(busy: BusyPractice, windows: Windows) -> None:
    page = windows.desktop(session=busy.admin.session)

    def refuse(route: Route) -> None:
        if route.request.method == "POST":
            route.abort()
        else:
            route.continue_()

    page.route("**/messages", refuse)
    page.goto(f"/practice/conversations/{busy.answered.conversation_id}")
    expect(page.get_by_text("ließen sich gerade nicht laden")).to_be_visible()
    windows.complaints.clear()
    windows.picture(page, "problem")
    page.unroute("**/messages")
    page.get_by_role("button", name="Nachrichten zeigen").click()
    expect(page.get_by_text("Muss ich noch einmal")).to_be_visible()


def test_another_practice_sees_no_conversation(busy: BusyPractice, house: House, windows: Windows) -> None:
    _, stranger = house.practice()
    page = windows.desktop(session=stranger.session)
    for path in ("", "/state", f"/messages/{busy.answered.message_id}"):
        page.goto(f"/practice/conversations/{busy.answered.conversation_id}{path}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Diese Seite gibt es nicht")
    page.goto("/practice/conversations/nonsense")
    expect(page.get_by_role("heading", level=1)).to_have_text("Diese Seite gibt es nicht")


def test_the_conversation_is_there_in_english(busy: BusyPractice, windows: Windows) -> None:
    page = windows.desktop(session=busy.admin.session, language="en-GB")
    page.goto("/practice/inbox")
    page.get_by_role("link", name="Weggezogen, Konrad").click()
    expect(page.get_by_text("The prompt has not reached Konrad Weggezogen.")).to_be_visible()
    windows.picture(page, "failed")


def test_a_conversation_is_read_without_scripts(busy: BusyPractice, windows: Windows) -> None:
    page = windows.desktop(session=busy.admin.session)
    page.route("**/*.js", lambda route: route.abort())
    page.goto(f"/practice/conversations/{busy.answered.conversation_id}")
    page.get_by_role("button", name="Nachrichten zeigen").click()
    expect(page.get_by_text("Muss ich noch einmal zur Blutabnahme kommen?")).to_be_visible()
    page.get_by_role("button", name="geöffnet", exact=True).click()
    expect(page.locator(".receipt-facts:popover-open")).to_contain_text("von Patient:in.")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Einzelheiten").first.click()
    expect(page.get_by_role("heading", name="Was geschah")).to_be_visible()
    windows.complaints.clear()


@pytest.mark.parametrize("path", ["/practice/inbox", "/practice/conversations/{}"])
def test_nothing_jumps_while_a_page_loads(busy: BusyPractice, windows: Windows, path: str) -> None:
    page = windows.desktop(session=busy.admin.session)
    page.add_init_script(
        """window.shift = 0;
           new PerformanceObserver((list) => {
             for (const each of list.getEntries()) window.shift += each.value; })
             .observe({ type: "layout-shift", buffered: true });"""
    )
    page.goto(path.format(busy.answered.conversation_id))
    expect(page.get_by_text("Ihre Laborwerte vom 12. November").first).to_be_visible()
    windows.picture(page, "loaded")
    assert page.evaluate("window.shift") < 0.02
