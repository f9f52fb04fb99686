"""Patients are found by how their names begin, however umlauts are typed, and by birth date."""

from datetime import timedelta

import pytest

from praxispost.identity.v1 import patients_pb2
from tests.integration.identity.organisation.house import House, somebody
from tests.integration.identity.stage import refusal


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("Jürgen Müller", "Müll"),
        ("Jürgen Müller", "MUELLER"),
        ("Jürgen Müller", "muller jurg"),
        ("Jürgen Müller", "mue"),
        ("Jürgen Müller", "Mu\u0308ller"),
        ("Jürgen Mueller", "Müller"),
        ("Gustav Groß", "gross"),
        ("Gustav Gross", "groß"),
        ("Renée Lefèvre", "renee LEFE"),
        ("Renee Lefevre", "Renée"),
        ("Anna-Lena Schmidt-Öztürk", "lena oezt"),
        ("Sinéad O'Brien", "O\u2019Bri"),
        ("Łukasz Żółć", "lukasz zolc"),
        ("Søren Ågård", "soren agard"),
        ("İlker Y\u0131ld\u0131z", "ilker yildiz"),
        ("Нина Петрова", "нин"),
        ("Nguyễn Thị Hạnh", "nguyen hanh"),
    ],
)
async def test_a_name_is_found_by_its_beginnings(house: House, name: str, query: str) -> None:
    practice = await house.practice()
    given, _, family = name.partition(" ")
    created = await house.patient(practice.id, somebody(given_name=given, family_name=family))
    await house.patient(practice.id, somebody(given_name="Zacharias", family_name="Zyx"))
    assert await house.found(practice.id, query) == [created.patient_id]


@pytest.mark.parametrize("query", ["Müllerin", "üller", "Muster", "jurgen beispiel", "Jürgen 1961-04-13"])
async def test_what_does_not_begin_so_is_not_found(house: House, query: str) -> None:
    practice = await house.practice()
    await house.patient(practice.id, somebody(given_name="Jürgen", family_name="Müller"))
    assert await house.found(practice.id, query) == []


async def test_a_birth_date_narrows_the_search_in_either_form(house: House) -> None:
    practice = await house.practice()
    mother = await house.patient(practice.id, somebody(birth_date="1961-04-12"))
    house.clock.advance(timedelta(seconds=1))
    child = await house.patient(practice.id, somebody(birth_date="1990-01-02"))
    assert await house.found(practice.id, "Beispiel 2.1.1990") == [child.patient_id]
    assert await house.found(practice.id, "1961-04-12") == [mother.patient_id]
    assert await house.found(practice.id, "beis eri") == [mother.patient_id, child.patient_id]


async def test_what_is_found_comes_page_by_page(house: House) -> None:
    practice = await house.practice()
    made = []
    for _ in range(5):
        house.clock.advance(timedelta(seconds=1))
        made.append((await house.patient(practice.id)).patient_id)
    request = patients_pb2.SearchPatientsRequest(query="Erika", page_size=2)
    seen: list[str] = []
    while True:
        page = await house.patients.SearchPatients(request, metadata=house.caller("assistant", practice.id))
        seen.extend(each.id for each in page.patients)
        request.page_token = page.next_page_token
        if not page.next_page_token:
            break
    assert seen == made


@pytest.mark.parametrize(
    "query",
    ["", "   ", "e", "Erika B", "...", "31.02.1990", "1.1.1990 2.1.1990", "aa bb cc dd ee ff gg", "x" * 201],
)
async def test_a_search_for_nothing_or_for_too_much_is_refused(house: House, query: str) -> None:
    practice = await house.practice()
    request = patients_pb2.SearchPatientsRequest(query=query)
    call = house.patients.SearchPatients(request, metadata=house.caller("assistant", practice.id))
    refused = await refusal(call)
    assert (refused.reason, [each.field for each in refused.fields]) == ("INVALID_FIELD", ["query"])


async def test_each_search_is_one_row_of_the_audit(house: House) -> None:
    practice = await house.practice()
    for _ in range(3):
        await house.patient(practice.id)
    before = await house.audited_why(practice.id)
    await house.found(practice.id, "Erika")
    await house.found(practice.id, "Niemand")
    searches = [("patient.search", "shown:3"), ("patient.search", "shown:0")]
    assert await house.audited_why(practice.id) == [*before, *searches]


async def test_what_finds_a_record_goes_with_it(house: House) -> None:
    practice = await house.practice()
    gone, stays = [(await house.patient(practice.id)).patient_id for _ in range(2)]
    await house.execute("DELETE FROM patient WHERE id = %s", gone)
    rows = await house.rows("SELECT patient_id FROM patient_search WHERE practice_id = %s", practice.id)
    assert {str(patient_id) for (patient_id,) in rows} == {stays}
