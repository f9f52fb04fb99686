"""What waits for somebody, and the list to call by."""

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from praxispost.identity.v1 import imports_pb2, imports_pb2_grpc
from praxispost.messaging.v1 import messaging_pb2, work_pb2
from tests.browser.house import House, Patient, StaffMember
from tests.browser.windows import Windows, violations
from tests.story.cast import (
    Contact,
    Practice,
    Registration,
    eventually,
    individual_text,
    message_to,
    new_id,
    unique_email,
    unique_mobile,
)

_LONG = ("Maximiliane-Friederike Charlotte", "von und zu Hohenstein-Wittgenstein-Ysenburg-Büdingen")
_KINDS = 7


def _due(practice: Practice, patient: Patient, subject: str = "Ihr HIV-Test") -> None:
    """A message that is overdue as soon as it is stored."""
    request = message_to(patient.id, subject, individual_text())
    request.read_by.FromDatetime(datetime.now(UTC) + timedelta(seconds=2))
    practice.admin.messages.SendMessage(request)


def _wait_for_due(practice: Practice, count: int) -> None:
    request = work_pb2.ListDueRequest(page_size=200)
    eventually(
        lambda: len(practice.admin.work.ListDue(request).messages),
        lambda seen: seen == count,
        "not as much is due",
    )


def _all_kinds(house: House, practice: Practice, admin: StaffMember) -> None:
    """One task of almost each kind."""
    answering = house.patient(practice, "Anton", "Antwort")
    sent = practice.admin.messages.SendMessage(message_to(answering.id))
    account = house.account(house.registered(answering))
    account.messages.SendReply(
        messaging_pb2.SendReplyRequest(
            request_id=new_id(), practice_id=practice.id, in_reply_to=sent.message_id, body="Danke."
        )
    )
    bounced = Contact("Hans", "Zurück", "1950-01-02", unique_email("late-bounce-hans"), unique_mobile())
    practice.admin.messages.SendMessage(
        message_to(practice.record(practice.admin, bounced), body=individual_text())
    )
    _due(practice, house.patient(practice, *_LONG))
    child = Contact("Mia", "Antwort", "2019-04-05", answering.contact.email, answering.contact.mobile)
    practice.record(practice.admin, child)
    karin = Contact("Karin", "Falsch", "1958-03-04", unique_email("karin"), unique_mobile())
    practice.record(practice.admin, karin)
    wrong = Contact(karin.given_name, karin.family_name, karin.birth_date, karin.email, unique_mobile())
    Registration(house.stage, wrong).prove_email()
    imports = imports_pb2_grpc.ImportServiceStub(admin.caller.channel("identity"))
    contact = Contact("Ina", "Import", "1964-08-12", unique_email("ina"), unique_mobile())
    row = imports_pb2.ImportRow(external_id="4711", data=contact.data)
    imports.ImportPatients(iter([imports_pb2.ImportPatientsRequest(rows=[row])]))
    house.registered(Patient("", contact))
    row.data.email = unique_email("anders")
    imports.ImportPatients(iter([imports_pb2.ImportPatientsRequest(rows=[row])]))
    eventually(
        lambda: len(practice.admin.work.GetTaskCounts(work_pb2.GetTaskCountsRequest()).counts),
        lambda seen: seen == _KINDS,
        "not all kinds of tasks",
    )


def test_an_empty_list_says_that_all_is_done(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    page = windows.desktop(session=admin.session)
    with page.expect_response("**/practice/events"):
        page.goto("/practice/tasks")
    expect(page.get_by_text("Alles ist getan.")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "empty")
    mother = house.patient(practice, "Lena", "Lindner")
    child = Contact("Mia", "Lindner", "2019-04-05", mother.contact.email, mother.contact.mobile)
    practice.record(practice.admin, child)
    expect(page.get_by_role("link", name="Lindner, Mia", exact=True)).to_be_visible()


def test_each_kind_of_task_leads_to_where_it_is_done(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    _all_kinds(house, practice, admin)
    page = windows.desktop(session=admin.session)
    page.goto("/practice/tasks")
    expect(page.locator("#task-lines > li")).to_have_count(_KINDS)
    assert violations(page) == []
    windows.picture(page, "all")
    for link, path in (
        ("Lesen", "/practice/conversations/"),
        ("Anrufen.*Hohenstein", "/practice/conversations/"),
        ("Anrufen oder berichtigen", "/messages/"),
        ("Festlegen, wer liest", "/readers"),
        ("Nachfragen und helfen", "/access"),
        ("Adresse klären", "/access"),
        ("Vergleichen", "/import"),
    ):
        target = page.get_by_role("link", name=re.compile(link))
        expect(target).to_have_attribute("href", re.compile(re.escape(path)))
    page.get_by_role("link", name=re.compile("Vergleichen")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Welche Kontaktdaten gelten?")
    page.goto("/practice/tasks")
    page.get_by_role("link", name=re.compile("Nachfragen und helfen")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Kommt nicht hinein?")
    dark = windows.desktop(session=admin.session, dark=True)
    dark.set_viewport_size({"width": 360, "height": 740})
    dark.goto("/practice/tasks")
    assert violations(dark) == []
    assert dark.evaluate("document.documentElement.scrollWidth") <= 360
    windows.picture(dark, "dark")


def test_many_tasks_are_paged(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    mother = house.patient(practice, "Lena", "Lindner")
    for number in range(55):
        child = Contact(f"Kind{number:02d}", "Lindner", "2019-04-05", mother.contact.email, unique_mobile())
        practice.record(practice.admin, child)
    eventually(
        lambda: practice.admin.work.GetTaskCounts(work_pb2.GetTaskCountsRequest()).counts[0].count,
        lambda seen: seen == 55,
        "not all are tasks",
    )
    page = windows.desktop(session=admin.session)
    page.goto("/practice/tasks")
    expect(page.locator("#task-lines > li")).to_have_count(50)
    page.get_by_role("link", name="Weitere").click()
    expect(page.locator("#task-lines > li")).to_have_count(5)
    page.get_by_role("link", name="Zum Anfang").click()
    expect(page.locator("#task-lines > li")).to_have_count(50)


def test_what_is_unread_and_due_is_printed_with_numbers_and_no_subject(
    house: House, windows: Windows
) -> None:
    practice, admin = house.practice()
    page = windows.desktop(session=admin.session)
    page.goto("/practice/due")
    expect(page.get_by_text("Nichts ist überfällig")).to_be_visible()
    assert violations(page) == []
    patients = [house.patient(practice, f"Vorname{number}", f"Nachname{number:02d}") for number in range(11)]
    patients.append(house.patient(practice, *_LONG))
    for patient in patients:
        _due(practice, patient)
    _wait_for_due(practice, 12)
    page.goto("/practice/inbox?filter=due")
    page.get_by_role("link", name="Ungelesen und fällig: Anrufliste").click()
    expect(page.get_by_role("row")).to_have_count(13)
    expect(page.get_by_role("link", name=patients[0].contact.mobile)).to_be_visible()
    expect(page.get_by_role("link", name="Befund").first).to_be_visible()
    assert "HIV" not in page.content()
    assert violations(page) == []
    windows.picture(page, "screen")
    page.set_viewport_size({"width": 360, "height": 740})
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    windows.picture(page, "narrow")
    page.set_viewport_size({"width": 720, "height": 1018})
    page.emulate_media(media="print")
    expect(page.get_by_text("Stand: ")).to_be_visible()
    expect(page.get_by_role("navigation")).to_be_hidden()
    windows.picture(page, "paper")
    page.pdf(path=windows.picture(page, "paper").with_suffix(".pdf"), prefer_css_page_size=True)
