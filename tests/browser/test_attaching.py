"""How people attach files: by button, by dropping, over a bad line, and what cannot be attached."""

import re

import pytest
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from praxispost.messaging.v1 import drafts_pb2, messaging_pb2
from tests.browser.correspondence import sent
from tests.browser.house import House
from tests.browser.windows import Windows, violations
from tests.integration.attachments import papers, pictures
from tests.story.cast import Document, new_id, upload

_PDF = papers.pdf(["Blutbild"])
_LONG = "Verlauf aller Werte seit der letzten großen Untersuchung im November 2026 mit Erläuterungen.pdf"
_DROP = """([name, text]) => {
  const dropped = new DataTransfer();
  dropped.items.add(new File([text], name, { type: "text/plain" }));
  return dropped;
}"""


def _file(name: str, content: bytes = _PDF, media_type: str = "application/pdf") -> FilePayload:
    return FilePayload(name=name, mimeType=media_type, buffer=content)


def _choose(page: Page, *files: FilePayload) -> None:
    page.get_by_label("Dateien auswählen").set_input_files(list(files))


def _row(page: Page, name: str) -> Locator:
    return page.locator(".upload").filter(has=page.locator(".upload-name", has_text=name))


def _letter(house: House, windows: Windows, *, dark: bool = False) -> Page:
    """A window in which somebody writes to a patient."""
    practice, admin = house.practice()
    patient = house.patient(practice)
    page = windows.desktop(session=admin.session, dark=dark)
    page.goto(f"/practice/new?patient={patient.id}")
    return page


def test_what_cannot_be_attached_says_why_and_is_not_sent_silently(house: House, windows: Windows) -> None:
    page = _letter(house, windows)
    broken = _file("kaputt.jpg", b"\xff\xd8\xff and no picture", "image/jpeg")
    _choose(page, _file("Gut.pdf"), _file("leer.txt", b"", "text/plain"), broken)
    expect(_row(page, "Gut.pdf")).to_contain_text("angehängt")
    expect(_row(page, "leer.txt")).to_contain_text("leer")
    expect(_row(page, "kaputt.jpg")).to_contain_text("lässt sich nicht öffnen")
    page.get_by_role("button", name="Senden").click()
    expect(page.get_by_text("Eine Datei ist nicht angehängt.").first).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "refused")
    for name in ("leer.txt", "kaputt.jpg"):
        page.get_by_role("button", name=re.compile(f"Entfernen.*{name}")).click()
    expect(page.locator(".upload")).to_have_count(1)
    expect(page.get_by_text("Eine Datei ist nicht angehängt.")).to_have_count(0)


def test_files_are_dropped_onto_the_letter_ten_at_most(house: House, windows: Windows) -> None:
    page = _letter(house, windows, dark=True)
    dropped = page.evaluate_handle(_DROP, ["Notiz.txt", "Kurz notiert."])
    page.get_by_label("Text").dispatch_event("drop", {"dataTransfer": dropped})
    expect(_row(page, "Notiz.txt")).to_contain_text("angehängt")
    _choose(page, *(_file(f"Seite {number}.pdf") for number in range(1, 11)))
    expect(page.locator(".upload")).to_have_count(10)
    expect(page.get_by_text("Mehr als 10 Anhänge gehen nicht.").first).to_be_visible()
    expect(page.get_by_text("angehängt", exact=True)).to_have_count(10)
    assert violations(page) == []
    windows.picture(page, "ten-dark")


def test_an_upload_outlives_a_line_that_breaks(house: House, windows: Windows) -> None:
    page = _letter(house, windows)
    ids = []

    def unreliable(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        ids.append(route.request.headers["x-upload-id"])
        if len(ids) < 3:
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/attachments", unreliable)
    _choose(page, _file(_LONG))
    # Between the tries the script waits, a second and then three.
    expect(_row(page, _LONG)).to_contain_text("angehängt")
    assert len(ids) == 3
    assert len(set(ids)) == 1
    windows.complaints.clear()


def test_an_upload_is_cancelled_and_tried_again_by_hand(house: House, windows: Windows) -> None:
    page = _letter(house, windows)
    page.clock.install()
    page.route("**/attachments", lambda route: route.abort("connectionreset"))
    _choose(page, _file(_LONG), _file("Zwei.pdf"))
    expect(_row(page, _LONG)).to_contain_text("abgebrochen")
    page.get_by_role("button", name=re.compile("Abbrechen.*Zwei")).click()
    expect(page.locator(".upload")).to_have_count(1)
    for _ in range(8):
        page.clock.run_for(20_000)
    again = page.get_by_role("button", name=re.compile("Erneut versuchen"))
    expect(again).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "lost")
    page.unroute("**/attachments")
    again.click()
    expect(_row(page, _LONG)).to_contain_text("angehängt")
    windows.complaints.clear()


def test_a_colleague_looks_at_what_is_attached_to_a_draft(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    attachment = upload(admin.caller, "", patient.id, Document("Befund.pdf", "application/pdf", _PDF))
    content = drafts_pb2.DraftContent(subject="Ihr Befund", attachment_ids=[attachment])
    draft = admin.caller.drafts.CreateDraft(
        drafts_pb2.CreateDraftRequest(request_id=new_id(), patient_id=patient.id, content=content)
    )
    page = windows.desktop(session=house.colleague(practice).session)
    page.goto(f"/practice/drafts/{draft.draft_id}")
    page.get_by_role("button", name=re.compile("Ansehen.*Befund.pdf")).click()
    frame = page.frame_locator("dialog iframe")
    expect(frame.get_by_role("img", name="Seite 1 von 1")).to_be_visible()
    page.keyboard.press("Escape")
    assert violations(page) == []
    windows.picture(page, "draft")


@pytest.mark.parametrize("language", ["de-DE", "en-GB"])
def test_a_patient_answers_with_a_photo(house: House, windows: Windows, language: str) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    message = sent(admin.caller, patient, "Ihre Wunde", "Bitte schicken Sie ein Foto.")
    session = house.registered(patient)
    page = windows.phone(session=session, language=language)
    page.goto(f"/mailbox/messages/{practice.id}/{message.message_id}")
    is_german = language == "de-DE"
    page.get_by_role("button", name="Nachricht öffnen" if is_german else "Open").first.click()
    expect(page.get_by_text("Bitte schicken Sie ein Foto.")).to_be_visible()
    page.locator("textarea").fill("Hier ist es.")
    page.locator("input[type=file]").set_input_files([_file("IMG_0001.HEIC", pictures.HEIC, "image/heic")])
    expect(_row(page, "IMG_0001.HEIC")).to_contain_text("angehängt" if is_german else "attached")
    assert violations(page) == []
    windows.picture(page, f"answer-{language[:2]}")
    page.get_by_role("button", name=re.compile("Antwort senden|Send")).click()
    look = page.get_by_role("button", name=re.compile("(Ansehen|Look at).*IMG_0001.jpg"))
    expect(look).to_be_visible()
    look.click()
    expect(page.frame_locator("dialog iframe").get_by_role("img", name="IMG_0001.jpg")).to_be_visible()
    windows.picture(page, f"own-{language[:2]}")
    listed = house.account(session).messages.ListMailbox(messaging_pb2.ListMailboxRequest()).messages
    assert max(each.attachment_count for each in listed) == 1
