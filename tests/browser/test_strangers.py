"""Whoever is logged in sees what is theirs, whatever they put into addresses, forms, headers and cookies."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from praxispost.messaging.v1 import messaging_pb2
from tests.browser.correspondence import sent
from tests.browser.house import House
from tests.browser.windows import Windows
from tests.story.cast import Document, message_to, receipt, upload

_ASK = """async ({ path, method, form, headers }) => {
  const token = document.querySelector('meta[name="form-token"]').content;
  const body = method === "GET" ? undefined : new URLSearchParams(form);
  const sent = { "X-Form-Token": token, ...headers };
  const response = await fetch(path, { method, body, headers: sent, redirect: "manual" });
  return { status: response.status, text: await response.text() };
}"""


def _ask(
    page: Page,
    path: str,
    form: Mapping[str, str] = MappingProxyType({}),
    method: str = "POST",
    headers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[int, str]:
    """What a person's own browser gets who calls the portal by hand."""
    wish: dict[str, Any] = {"path": path, "method": method, "form": dict(form), "headers": dict(headers)}
    answer = page.evaluate(_ASK, wish)
    return answer["status"], answer["text"]


def test_a_stranger_opens_and_answers_nothing_of_others(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    owner, stranger = house.patient(practice), house.patient(practice, "Otto", "Anders")
    secret = Document("Geheim.txt", "text/plain", b"Der Anhang.")
    attachment = upload(admin.caller, practice.id, owner.id, secret)
    request = message_to(owner.id, "Vertraulich", "Der geheime Text.", attachment_ids=[attachment])
    message = admin.caller.messages.SendMessage(request).message_id
    own = sent(admin.caller, stranger, "Meins", "Mein Text.").message_id
    page = windows.phone(session=house.registered(stranger))
    page.goto("/mailbox")
    theirs = f"/mailbox/messages/{practice.id}/{message}"
    absent = f"/mailbox/messages/{practice.id}/{uuid4()}"
    answer = {"request_id": str(uuid4()), "body": "Ich bin es."}
    paths = ["", "/answers", f"/attachments/{attachment}", f"/attachments/{attachment}/preview"]
    for path in paths:
        status, text = _ask(page, theirs + path, answer)
        other_status, other_text = _ask(page, absent + path, answer)
        assert status in (404, 409), path
        assert "Vertraulich" not in text
        assert "geheime" not in text
        assert (status, len(text)) == (other_status, len(other_text)), path
    status, text = _ask(page, f"/mailbox/messages/{practice.id}/{own}/attachments/{attachment}")
    assert status == 404
    for choice in (f"for={owner.id}", f"for={owner.id}&after=x", "after=%00"):
        status, text = _ask(page, f"/mailbox/list?{choice}", method="GET")
        assert "Vertraulich" not in text, choice
    upload_to = f"/mailbox/practices/{practice.id}/patients/{owner.id}/attachments"
    naming = {"X-Upload-Id": str(uuid4()), "X-File-Name": "a.txt"}
    naming["Content-Type"] = "text/plain"
    assert _ask(page, upload_to, {"a": "b"}, headers=naming)[0] == 404
    seen = receipt(admin.caller, message)
    assert not seen.HasField("read_at")
    assert not seen.HasField("received_at") or seen.received_evidence != 1
    history = messaging_pb2.ListMessagesRequest(patient_id=owner.id)
    assert len(admin.caller.messages.ListMessages(history).messages) == 1


def test_a_document_that_is_somebody_elses_goes_with_no_answer(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    owner, stranger = house.patient(practice), house.patient(practice, "Otto", "Anders")
    account = house.account(house.registered(owner))
    attachment = upload(account, practice.id, owner.id, Document("A.txt", "text/plain", b"Von Erika."))
    own = sent(admin.caller, stranger, "Meins").message_id
    page = windows.phone(session=house.registered(stranger))
    page.goto("/mailbox")
    answer = {"request_id": str(uuid4()), "body": "Mit Anhang.", "attachment": attachment}
    status, text = _ask(page, f"/mailbox/messages/{practice.id}/{own}/answers", answer)
    assert status == 409
    assert "Ein Anhang ist nicht mehr da." in text


def test_another_practice_in_the_address_opens_nothing(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    other, _ = house.practice("Praxis nebenan")
    patient = house.patient(practice)
    message = sent(admin.caller, patient, "Vertraulich").message_id
    page = windows.phone(session=house.registered(patient))
    page.goto("/mailbox")
    status, text = _ask(page, f"/mailbox/messages/{other.id}/{message}")
    assert status == 404
    assert "Vertraulich" not in text
    for odd in ("x", "..%2f..%2f", "%00", "'", message.upper() + "0"):
        assert _ask(page, f"/mailbox/messages/{practice.id}/{odd}")[0] == 404, odd


@pytest.mark.parametrize("side", ["staff", "account"])
def test_a_session_of_one_side_is_none_of_the_other(house: House, windows: Windows, side: str) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    message = sent(admin.caller, patient, "Vertraulich").message_id
    account = house.registered(patient)
    if side == "staff":
        page = windows.phone(session=admin.session)
        paths = ["/mailbox", f"/mailbox/messages/{practice.id}/{message}", "/settings"]
    else:
        page = windows.desktop(session=account)
        paths = ["/practice/inbox", f"/practice/patients/{patient.id}", "/practice/administration/staff"]
    for path in paths:
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_contain_text("Anmelden")
        assert "Vertraulich" not in page.content()
    status, _ = _ask(page, f"/practice/messages/{message}/attachments/{uuid4()}")
    assert status == 401
    assert not receipt(admin.caller, message).HasField("read_at")


def test_nothing_is_left_after_logging_out(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    message = sent(admin.caller, patient, "Vertraulich", "Der geheime Text.").message_id
    session = house.registered(patient)
    page = windows.phone(session=session)
    page.goto("/mailbox")
    page.get_by_role("link", name="Vertraulich").click()
    expect(page.get_by_text("Der geheime Text.")).to_be_visible()
    page.get_by_label("Ihre Antwort").fill("Geht niemanden etwas an.")
    page.get_by_role("button", name="Abmelden").click()
    expect(page.get_by_text("Sie sind abgemeldet.")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0
    for _ in range(2):
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text("Anmelden")
        assert "Vertraulich" not in page.content()
    stolen = windows.phone(session=session)
    stolen.goto(f"/mailbox/messages/{practice.id}/{message}")
    expect(stolen.get_by_role("heading", level=1)).to_have_text("Anmelden")


def test_what_a_practice_writes_is_text_and_nothing_else(house: House, windows: Windows) -> None:
    practice, admin = house.practice("<b>Praxis</b> & {{ 7 * 7 }}")
    patient = house.patient(practice)
    odd = (
        '</div></textarea><img src=x onerror="document.title=1"><script>document.title=2</script>{{ 7 * 7 }}'
    )
    sent(admin.caller, patient, f"Betreff {odd}", f"Text {odd}\u202e\u2066")
    page = windows.phone(session=house.registered(patient))
    page.goto("/mailbox")
    page.locator(".mail").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Betreff {odd}")
    expect(page.locator(".letter .text")).to_contain_text(f"Text {odd}")
    expect(page.get_by_text("<b>Praxis</b> & {{ 7 * 7 }}").first).to_be_visible()
    assert page.title() == "Nachricht · Praxispost"
    assert page.locator("main img, main script").count() == 0


def test_a_page_that_another_site_opens_marks_nothing_as_read(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    patient = house.patient(practice)
    message = sent(admin.caller, patient, "Vertraulich").message_id
    page = windows.phone(session=house.registered(patient))
    page.goto("about:blank")
    with page.context.expect_page() as opened:
        page.evaluate(
            "path => { window.open(path) }",
            f"{house.portal_url}/mailbox/messages/{practice.id}/{message}#open",
        )
    expect(opened.value.get_by_role("button", name="Nachricht öffnen")).to_be_visible()
    assert not receipt(admin.caller, message).HasField("read_at")
