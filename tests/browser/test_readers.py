"""How staff settle who reads, and decide about contact data that an import says otherwise."""

import re
from datetime import UTC, datetime

from playwright.sync_api import Page, expect

from praxispost.identity.v1 import imports_pb2, imports_pb2_grpc, readers_pb2, readers_pb2_grpc
from tests.browser.house import House, Patient, StaffMember
from tests.browser.windows import Windows, violations
from tests.story.cast import Contact, Practice, message_to, new_id, refusal_of, unique_email, unique_mobile

_LONG = "von und zu Hohenstein-Wittgenstein-Ysenburg-Büdingen"


def _mother(practice: Practice, house: House) -> Patient:
    return house.patient(practice, "Lena", "Lindner")


def _like(
    practice: Practice,
    other: Patient,
    given_name: str = "Mia",
    family_name: str = "Lindner",
    *,
    born: str = "2019-04-05",
    mobile: str | None = None,
) -> Patient:
    """A record with somebody else's e-mail address and number."""
    contact = Contact(
        given_name,
        family_name,
        born,
        other.contact.email,
        other.contact.mobile if mobile is None else mobile,
    )
    return Patient(practice.record(practice.admin, contact), contact)


def _readers(staff: StaffMember, patient: Patient) -> readers_pb2.GetReadersResponse:
    stub = readers_pb2_grpc.ReaderServiceStub(staff.caller.channel("identity"))
    return stub.GetReaders(readers_pb2.GetReadersRequest(patient_id=patient.id))


def _ask(page: Page, patient: Patient) -> None:
    page.goto(f"/practice/patients/{patient.id}/readers")
    name = patient.contact.given_name
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Wer liest für {name}?")


def test_the_mother_reads_for_the_child_until_it_is_of_age(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    mother = _mother(practice, house)
    house.registered(mother)
    child = _like(practice, mother)
    assert refusal_of(practice.admin.messages.SendMessage, message_to(child.id)).reason == "CONTACT_CONFLICT"
    page = windows.desktop(session=admin.session)
    page.goto(f"/practice/patients/{child.id}")
    expect(page.get_by_text("„Wer liest?“ offen")).to_be_visible()
    windows.picture(page, "card")
    page.get_by_role("link", name="Festlegen, wer liest").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Wer liest für Mia?")
    assert violations(page) == []
    windows.picture(page, "question")
    expect(page.get_by_label("Mia Lindner liest für Lena Lindner")).to_have_count(0)
    expect(page.get_by_label("Sorgerecht")).to_be_checked()
    page.get_by_role("button", name="So festlegen").first.click()
    expect(page.get_by_role("status")).to_contain_text("Geklärt.")
    assert violations(page) == []
    windows.picture(page, "settled")
    known = _readers(admin, child).representation
    assert (known.representative_id, known.ends_on) == (mother.id, "2037-04-05")
    expect(page.get_by_text("04.04.2037")).to_be_visible()
    page.get_by_role("link", name="Lena Lindner").click()
    expect(page.get_by_text("Lena liest auch für:")).to_be_visible()
    windows.picture(page, "mother")
    _ask(page, child)
    page.get_by_text("Vertretung beenden …").click()
    page.get_by_role("button", name="Vertretung beenden").click()
    expect(page.get_by_role("status")).to_contain_text("Bitte klären Sie, wer jetzt liest.")
    expect(page.get_by_text("Die Vertretung ist zu Ende")).to_be_visible()
    assert violations(page) == []


def test_an_adult_needs_an_authorisation_that_is_named(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    daughter = _mother(practice, house)
    father = _like(practice, daughter, "Heinz", _LONG, born="1938-04-05")
    page = windows.desktop(session=admin.session)
    _ask(page, father)
    page.get_by_label(f"Lena Lindner liest für Heinz {_LONG}").check()
    page.get_by_label("Sorgerecht").check()
    page.get_by_role("button", name="So festlegen").first.click()
    expect(page.get_by_role("alert")).to_contain_text("volljährig")
    expect(page.get_by_label(f"Lena Lindner liest für Heinz {_LONG}")).to_be_checked()
    page.get_by_label("Vollmacht oder Betreuung").check()
    page.get_by_label("Gilt bis einschließlich").fill("gestern")
    page.get_by_role("button", name="So festlegen").first.click()
    expect(page.get_by_text("Bitte nennen Sie die Vollmacht")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "refused")
    page.get_by_label("Was liegt vor?").fill("Vorsorgevollmacht vom 03.05.2024")
    page.get_by_role("button", name="So festlegen").first.click()
    expect(page.get_by_text("Bitte geben Sie einen Tag in der Zukunft an")).to_be_visible()
    year = datetime.now(UTC).year + 2
    page.get_by_label("Gilt bis einschließlich").fill(f"31.12.{year}")
    page.get_by_role("button", name="So festlegen").first.click()
    expect(page.get_by_role("status")).to_contain_text("Geklärt.")
    expect(page.get_by_text("Vorsorgevollmacht vom 03.05.2024")).to_be_visible()
    expect(page.get_by_text(f"31.12.{year}")).to_be_visible()
    assert _readers(admin, father).representation.ends_on == f"{year + 1}-01-01"


def test_a_couple_with_one_address_reads_each_for_themselves(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    wife = _mother(practice, house)
    husband = _like(practice, wife, "Jan", born="1986-05-06")
    page = windows.desktop(session=admin.session, dark=True)
    page.set_viewport_size({"width": 360, "height": 740})
    _ask(page, husband)
    expect(page.get_by_text("Dafür braucht jede Person wenigstens eine eigene Handynummer.")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    windows.picture(page, "same-number")
    page.get_by_role("link", name="Jan Lindner bearbeiten").first.click()
    page.get_by_label("Handynummer").fill(unique_mobile())
    page.get_by_role("button", name="Speichern").click()
    page.get_by_role("link", name="Festlegen, wer liest").click()
    page.get_by_role("button", name=re.compile("So festlegen.*Jede Person")).click()
    expect(page.get_by_role("status")).to_contain_text("Geklärt.")
    expect(page.get_by_text("Jan liest selbst, sonst niemand.")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "settled")


def test_two_records_of_one_person_become_one(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    first = _mother(practice, house)
    practice.admin.messages.SendMessage(message_to(first.id, "Ihre Befunde"))
    second = _like(practice, first, "Lena Maria", born="1964-08-12")
    page = windows.desktop(session=admin.session)
    _ask(page, second)
    page.get_by_role("link", name="Mit Lena Lindner vergleichen").click()
    expect(page.get_by_text("Das lässt sich nicht rückgängig machen.")).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "compared")
    page.get_by_label(re.compile("^Lena Lindner")).check()
    page.get_by_role("button", name="Zusammenlegen").click()
    expect(page.get_by_role("status")).to_contain_text("gehören jetzt zusammen")
    expect(page.get_by_role("link", name="Ihre Befunde")).to_be_visible()
    page.goto(f"/practice/patients/{second.id}")
    expect(page.get_by_text("aufgegangen").first).to_be_visible()
    assert violations(page) == []
    windows.picture(page, "archived")
    page.get_by_role("link", name="Zur gültigen Karteikarte").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Lena Lindner")


def test_a_question_that_was_answered_meanwhile_is_said_to_be(house: House, windows: Windows) -> None:
    practice, admin = house.practice()
    mother = _mother(practice, house)
    child = _like(practice, mother)
    page = windows.desktop(session=admin.session)
    _ask(page, child)
    stub = readers_pb2_grpc.ReaderServiceStub(admin.caller.channel("identity"))
    said = readers_pb2.Represented(
        represented_patient_id=child.id,
        representative_id=mother.id,
        basis=readers_pb2.REPRESENTATION_BASIS_CUSTODY,
    )
    stub.AnswerReaderQuestion(
        readers_pb2.AnswerReaderQuestionRequest(request_id=new_id(), patient_id=child.id, represented=said)
    )
    page.get_by_role("button", name="So festlegen").first.click()
    expect(page.get_by_role("alert")).to_contain_text("inzwischen beantwortet")
    expect(page.get_by_role("heading", name="Die Vertretung")).to_be_visible()


def test_imported_contact_data_are_kept_out_or_taken(house: House, windows: Windows) -> None:
    _, admin = house.practice()
    imports = imports_pb2_grpc.ImportServiceStub(admin.caller.channel("identity"))
    contact = Contact("Erika", "Import", "1964-08-12", unique_email("erika"), unique_mobile())

    def imported(**other: str) -> None:
        row = imports_pb2.ImportRow(external_id="4711", data=contact.data)
        for name, value in other.items():
            setattr(row.data, name, value)
        imports.ImportPatients(iter([imports_pb2.ImportPatientsRequest(rows=[row])]))

    imported()
    page = windows.desktop(session=admin.session)
    page.goto("/practice/patients")
    page.get_by_role("link", name="Import, Erika").click()
    page.wait_for_url("**/practice/patients/*-*")
    patient = Patient(page.url.rsplit("/", 1)[1], contact)
    house.registered(patient)
    imported(email=unique_email("anders"))
    page.reload()
    page.get_by_role("link", name="Vergleichen").click()
    assert violations(page) == []
    windows.picture(page, "compared")
    page.get_by_role("button", name="Bestätigte behalten").click()
    expect(page.get_by_role("status")).to_contain_text("bleiben")
    expect(page.get_by_text("Ein Import nennt")).to_have_count(0)
    other = unique_email("neu")
    imported(email=other)
    page.goto(f"/practice/patients/{patient.id}/import")
    page.get_by_role("button", name="Importierte übernehmen").click()
    expect(page.get_by_text("Der Zugang ruht, bis")).to_be_visible()
    page.get_by_role("button", name="Kontaktdaten ändern").click()
    expect(page.get_by_text(other)).to_be_visible()
    page.goto(f"/practice/patients/{patient.id}/import")
    expect(page.get_by_text("Hier ist nichts mehr zu entscheiden.")).to_be_visible()
    assert violations(page) == []
