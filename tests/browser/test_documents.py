"""How documents travel: up from both sides, into a frame to be looked at, and down to be kept."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from urllib.request import urlopen

from playwright.sync_api import Page, expect

from deploy.local.address_book import AddressBook
from praxispost.messaging.v1 import messaging_pb2
from tests.browser.house import House, Patient
from tests.browser.lines import account_line, staff_line
from tests.browser.windows import Windows, violations
from tests.integration.attachments import papers, pictures
from tests.story.cast import Document, Practice, message_to, new_id, upload

_MIB = 1024 * 1024
_PDF = Document("Befund.pdf", "application/pdf", papers.pdf(["Blutbild", "Leberwerte"], extra=papers.SCRIPT))
_LONG = "Verlauf der Werte seit der letzten großen Untersuchung im November 2026 (alle Seiten).pdf"


def _sent(practice: Practice, patient: Patient, *documents: Document) -> tuple[str, list[str]]:
    """A message with documents, and their ids."""
    ids = [upload(practice.admin, practice.id, patient.id, each) for each in documents]
    sent = practice.admin.messages.SendMessage(message_to(patient.id, attachment_ids=ids))
    return sent.message_id, ids


def _conversation(practice: Practice, patient: Patient) -> str:
    request = messaging_pb2.ListConversationsRequest(patient_ids=[patient.id])
    [conversation] = practice.admin.messages.ListConversations(request).conversations
    return f"/practice/conversations/{conversation.id}"


def _look_at(page: Page, name: str) -> None:
    """Open the viewer and wait for the document in it."""
    page.get_by_role("button", name=re.compile(f"Ansehen.*{re.escape(name)}")).click()
    expect(page.get_by_role("dialog", name=name)).to_be_visible()
    expect(page.locator(".viewer-wait")).to_have_count(0)


def test_a_pdf_is_looked_at_without_any_script_of_its_own(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    _sent(practice, patient, _PDF, Document(_LONG, "application/pdf", _PDF.content))
    page = windows.desktop(session=admin.session)
    page.goto(_conversation(practice, patient))
    _look_at(page, _LONG)
    frame = page.frame_locator("dialog iframe")
    expect(frame.get_by_role("img", name="Seite 2 von 2")).to_be_visible()
    expect(frame.get_by_text("Leberwerte")).to_be_attached()
    assert page.locator("dialog iframe").get_attribute("sandbox") == ""
    assert violations(page) == []
    windows.picture(page, "viewer")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    for _ in range(2):
        with page.expect_download() as downloading:
            page.get_by_role("button", name=re.compile("Herunterladen.*Befund.pdf")).click()
        assert downloading.value.suggested_filename == "Befund.pdf"
        assert Path(downloading.value.path()).read_bytes() == _PDF.content


def test_a_patients_photo_comes_without_its_place(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    message_id, _ = _sent(practice, patient)
    session = house.registered(patient)
    ids = []
    with account_line(house.portal_url, session) as line:
        path = f"/mailbox/practices/{practice.id}/patients/{patient.id}/attachments"
        for name, kept in (("IMG_0001.HEIC", {}), ("IMG_0002.HEIC", {"X_Keep_Original": "yes"})):
            answer = line.upload(path, pictures.HEIC, name, X_File_Type="image/heic", **kept)
            assert answer.status_code == 201, answer.text
            ids.append(answer.json()["id"])
    reply = messaging_pb2.SendReplyRequest(
        request_id=new_id(), practice_id=practice.id, in_reply_to=message_id, body="Hier.", attachment_ids=ids
    )
    house.account(session).messages.SendReply(reply)
    page = windows.desktop(session=admin.session)
    page.goto(_conversation(practice, patient))
    _look_at(page, "IMG_0001.jpg")
    frame = page.frame_locator("dialog iframe")
    expect(frame.get_by_role("img", name="IMG_0001.jpg")).to_be_visible()
    windows.picture(page, "viewer")
    page.get_by_role("button", name="Schließen").click()
    with page.expect_download() as downloading:
        page.get_by_role("button", name=re.compile("Herunterladen.*IMG_0001")).click()
    assert pictures.has_nothing_else(Path(downloading.value.path()).read_bytes())
    with page.expect_download() as downloading:
        page.get_by_role("button", name=re.compile("Original.*IMG_0002")).click()
    assert Path(downloading.value.path()).read_bytes() == pictures.HEIC
    assert violations(page) == []
    windows.picture(page, "list")
    page.get_by_role("button", name=re.compile("Original.*IMG_0001")).click()
    expect(page.get_by_text("wurden aus dem Foto entfernt")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "no-original")


def test_looking_at_a_document_is_its_opening(house: House) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    message_id, [attachment_id] = _sent(practice, patient, _PDF)
    path = f"/mailbox/messages/{practice.id}/{message_id}/attachments/{attachment_id}"
    with (
        account_line(house.portal_url, house.registered(patient)) as line,
        account_line(house.portal_url, house.registered(house.patient(practice))) as stranger,
    ):
        for each in (f"{path}/preview", path):
            assert stranger.post(each).status_code == 404
        shown = line.post(f"{path}/preview")
        assert (shown.status_code, shown.text.count("data:image/jpeg;base64,")) == (200, 2)
        assert shown.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        kept = line.post(path)
        assert (kept.content, kept.headers["content-type"]) == (_PDF.content, "application/pdf")
    request = messaging_pb2.GetReceiptRequest(message_id=message_id)
    assert admin.caller.messages.GetReceipt(request).receipt.state == messaging_pb2.RECEIPT_STATE_READ


def test_an_upload_whose_answer_was_lost_is_made_again(house: House) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    path, upload_id = f"/practice/patients/{patient.id}/attachments", new_id()
    with staff_line(house.portal_url, admin.session) as line:
        first, second = (line.upload(path, b"%PDF-1.7 eins", X_Upload_Id=upload_id) for _ in range(2))
        assert (first.status_code, second.json()) == (201, first.json())
        other = line.upload(path, b"%PDF-1.7 zwei", X_Upload_Id=upload_id)
        assert "geändert" in other.json()["problem"]
        assert line.upload(path, b"x", name="\u202egpj.exe").status_code == 400
        assert line.upload(path, b"x" * (50 * _MIB + 1)).status_code == 413


def test_the_portals_memory_does_not_hold_what_goes_through(house: House, book: AddressBook) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    people = [admin, house.colleague(practice)]
    content = os.urandom(50 * _MIB)
    path = f"/practice/patients/{patient.id}/attachments"
    done = Event()
    seen: list[int] = []
    before = _memory(book)

    def watch() -> None:
        while not done.wait(0.05):
            seen.append(_memory(book))

    with ExitStack() as stack, ThreadPoolExecutor(5) as pool:
        lines = [
            stack.enter_context(staff_line(house.portal_url, person.session))
            for person in people
            for _ in "12"
        ]
        watching = pool.submit(watch)
        try:
            answers = list(pool.map(lambda line: line.upload(path, content), lines))
        finally:
            done.set()
        watching.result()
    assert [answer.status_code for answer in answers] == [201] * 4
    assert max(seen) - before < 30 * _MIB


def _memory(book: AddressBook) -> int:
    with urlopen(f"{book.metrics['portal-web']}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    found = re.search(r"^process_resident_memory_bytes (\S+)$", text, re.MULTILINE)
    assert found
    return int(float(found[1]))
