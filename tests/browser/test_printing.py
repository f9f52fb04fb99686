"""A conversation for the paper record: complete, with what became of each message, and opening nothing."""

from playwright.sync_api import expect

from praxispost.messaging.v1 import messaging_pb2
from tests.browser.correspondence import withdrawn
from tests.browser.house import House
from tests.browser.windows import Windows, violations
from tests.story.cast import Document, message_to, new_id, upload


def test_a_conversation_is_printed_and_opens_nothing(house: House, windows: Windows) -> None:
    practice, admin = house.practice("Gemeinschaftspraxis Dr. Hohenstein und Kolleginnen am Stadtpark")
    patient = house.patient(practice, "Maximiliane", "von der Lindenallee-Hohenstein")
    document = Document("Laborbericht November 2026.pdf", "application/pdf", b"%PDF-1.7 x")
    attachment_id = upload(practice.admin, practice.id, patient.id, document)
    send = practice.admin.messages.SendMessage
    body = "\n".join(f"Wert {number}: unauffällig." for number in range(1, 40))
    message = send(message_to(patient.id, "Ihre Laborwerte", body, attachment_ids=[attachment_id]))
    wrong = send(message_to(patient.id, "Ihr Termin", "Montag um acht."))
    withdrawn(practice.admin, wrong.message_id)
    account = house.account(house.registered(patient))
    account.messages.OpenMessage(
        messaging_pb2.OpenMessageRequest(practice_id=practice.id, message_id=message.message_id)
    )
    answers = []
    for text in ("Vielen Dank für die schnelle Antwort.", "Noch eine Frage."):
        reply = messaging_pb2.SendReplyRequest(
            request_id=new_id(), practice_id=practice.id, in_reply_to=message.message_id, body=text
        )
        answers.append(account.messages.SendReply(reply).message_id)
    practice.admin.messages.OpenMessage(messaging_pb2.OpenMessageRequest(message_id=answers[0]))
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/patients/{patient.id}")
    page.get_by_role("link", name="Drucken").click()
    sheets = page.locator(".sheets")
    expect(sheets).to_contain_text("von der Lindenallee-Hohenstein, Maximiliane")
    expect(sheets).to_contain_text("geb. 12.08.1964")
    expect(sheets.locator(".entry")).to_have_count(4)
    expect(sheets).to_contain_text("Anke Admiral, Verwaltung")
    expect(sheets).to_contain_text("Wert 39: unauffällig.")
    expect(sheets).to_contain_text("Laborbericht November 2026.pdf")
    expect(sheets).to_contain_text("Zurückgezogen")
    expect(sheets).to_contain_text("Der Inhalt stimmt nicht")
    expect(sheets).to_contain_text("Vielen Dank für die schnelle Antwort.")
    expect(sheets).not_to_contain_text("Noch eine Frage.")
    expect(sheets).to_contain_text("noch niemand geöffnet")
    assert violations(page) == []
    windows.picture(page, "screen")
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", level=1)).to_be_hidden()
    windows.picture(page, "print")
    page.pdf(path=windows.picture(page, "paper").with_suffix(".pdf"), prefer_css_page_size=True)
    page.emulate_media(media="screen")
    page.get_by_label("Bis", exact=True).fill("2020-01-01")
    page.get_by_role("button", name="Zeitraum zeigen").click()
    expect(sheets).to_contain_text("In diesem Zeitraum gibt es keine Nachrichten.")
    request = messaging_pb2.GetReceiptRequest(message_id=answers[1])
    unread = practice.admin.messages.GetReceipt(request).receipt
    assert not unread.HasField("read_at")


def test_what_is_of_another_practice_is_not_printed(house: House, windows: Windows) -> None:
    practice, _ = house.practice()
    patient = house.patient(practice)
    _, stranger = house.practice()
    page = windows.desktop(session=stranger.session)
    page.goto(f"/practice/patients/{patient.id}/print")
    expect(page.get_by_role("heading", level=1)).to_have_text("Diese Seite gibt es nicht")


def test_a_day_that_is_none_leaves_nothing_out(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    practice.admin.messages.SendMessage(message_to(patient.id))
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/patients/{patient.id}/print")
    # As a browser without a field for dates has it.
    page.get_by_label("Von").evaluate("field => { field.type = 'text'; }")
    page.get_by_label("Von").fill("1.2.2020")
    with page.expect_response(lambda response: response.request.method == "POST") as answered:
        page.get_by_role("button", name="Zeitraum zeigen").click()
    assert answered.value.ok
    expect(page.locator(".sheets .entry")).to_have_count(1)
    expect(page.locator(".sheets")).not_to_contain_text("Ab ")
