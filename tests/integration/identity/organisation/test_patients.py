"""Patients' records: made, read, changed; and what others are told of them."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from praxispost.identity.v1 import patients_pb2, practices_pb2
from praxispost.identity.v1.events_pb2 import PatientChanged
from tests.integration.identity.organisation.house import House, both, request_id, somebody
from tests.integration.identity.stage import reason, refusal


async def update(
    house: House, practice_id: UUID, patient_id: str, version: int = 0, **values: Any
) -> patients_pb2.Patient:
    """Change these fields as an assistant of the practice."""
    request = patients_pb2.UpdatePatientRequest(
        patient_id=patient_id,
        data=patients_pb2.PatientData(**values),
        update_mask=FieldMask(paths=sorted(values)),
        version=version,
    )
    assistant = house.caller("assistant", practice_id)
    return (await house.patients.UpdatePatient(request, metadata=assistant)).patient


async def get(house: House, practice_id: UUID, patient_id: str) -> patients_pb2.Patient:
    request = patients_pb2.GetPatientRequest(patient_id=patient_id)
    physician = house.caller("physician", practice_id)
    return (await house.patients.GetPatient(request, metadata=physician)).patient


async def test_a_record_comes_back_as_it_was_given_in_its_one_form(house: House) -> None:
    practice = await house.practice()
    data = somebody(
        given_name=" Jürgen ",
        family_name="Groß-Müller",
        email="  J.Gross@MÜLLER.example ",
        mobile="0171 123 45 67",
        language=practices_pb2.LANGUAGE_ENGLISH,
    )
    created = await house.patient(practice.id, data)
    assert created.version == 1
    assert created.contact == patients_pb2.ContactState(has_email=True, has_mobile=True)
    got = await get(house, practice.id, created.patient_id)
    assert got.data == patients_pb2.PatientData(
        given_name="Jürgen",
        family_name="Groß-Müller",
        birth_date="1961-04-12",
        email="J.Gross@xn--mller-kva.example",
        mobile="+491711234567",
        language=practices_pb2.LANGUAGE_ENGLISH,
    )
    assert (got.id, got.version, got.contact) == (created.patient_id, 1, created.contact)
    assert (await house.audited(practice.id))[-2:] == ["patient.create", "patient.read"]


async def test_a_record_needs_no_contact_data(house: House) -> None:
    practice = await house.practice()
    created = await house.patient(
        practice.id, patients_pb2.PatientData(given_name="Mia", family_name="Meier")
    )
    assert created.contact == patients_pb2.ContactState()
    assert await house.events(created.patient_id) == [(1, PatientChanged(contact_version=1))]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"given_name": " "}, "data.given_name"),
        ({"family_name": "x" * 81}, "data.family_name"),
        ({"family_name": "a\u202eb\x00"}, "data.family_name"),
        ({"birth_date": "12.04.1961"}, "data.birth_date"),
        ({"birth_date": "1961-02-30"}, "data.birth_date"),
        ({"birth_date": "1561-02-03"}, "data.birth_date"),
        ({"birth_date": "2961-02-03"}, "data.birth_date"),
        ({"email": "no address"}, "data.email"),
        ({"email": "a@b@example.com"}, "data.email"),
        ({"email": "Mia <mia@example.com>"}, "data.email"),
        ({"email": "mia@example.com\nBcc: x@example.com"}, "data.email"),
        ({"email": "mia@localhost"}, "data.email"),
        ({"mobile": "030 1234567"}, "data.mobile"),
        ({"mobile": "0171"}, "data.mobile"),
        ({"mobile": "call me"}, "data.mobile"),
        ({"mobile": "0900 1 123456"}, "data.mobile"),
        ({"mobile": "0171 1234567 ext. 5"}, "data.mobile"),
        ({"language": 99}, "data.language"),
    ],
)
async def test_data_that_cannot_be_are_refused_by_name_and_not_repeated(
    house: House, changed: dict[str, Any], field: str
) -> None:
    practice = await house.practice()
    refused = await refusal(house.patient(practice.id, somebody(**changed)))
    assert (refused.reason, [each.field for each in refused.fields]) == ("INVALID_FIELD", [field])
    told = f"{refused.message} {refused.fields}"
    assert all(not str(value).strip() or str(value) not in told for value in changed.values())
    count = await house.rows("SELECT count(*) FROM patient WHERE practice_id = %s", practice.id)
    assert count == [(0,)]


async def test_a_number_without_country_code_belongs_to_the_practices_region(house: House) -> None:
    practice = await house.practice()
    settings = practices_pb2.PracticeSettings(region="AT")
    request = practices_pb2.UpdatePracticeRequest(settings=settings, update_mask=FieldMask(paths=["region"]))
    await house.practices.UpdatePractice(request, metadata=house.caller("admin", practice.id))
    created = await house.patient(practice.id, somebody(mobile="0664 1234567"))
    assert (await get(house, practice.id, created.patient_id)).data.mobile == "+436641234567"


async def test_the_same_request_again_also_at_the_same_moment_makes_one_record(house: House) -> None:
    practice = await house.practice()
    assistant = house.caller("assistant", practice.id)
    request = patients_pb2.CreatePatientRequest(request_id=request_id(), data=somebody())
    answers = await both(*(house.patients.CreatePatient(request, metadata=assistant) for _ in range(4)))
    assert all(each == answers[0] for each in answers)
    assert isinstance(answers[0], patients_pb2.CreatePatientResponse)
    assert not answers[0].contact.conflict
    request.data.given_name = "Anders"
    assert await reason(house.patients.CreatePatient(request, metadata=assistant)) == "REQUEST_ID_REUSED"


async def test_an_update_takes_only_what_the_mask_names_and_tells_of_it(house: House) -> None:
    practice = await house.practice()
    created = await house.patient(practice.id)
    before = await get(house, practice.id, created.patient_id)
    renamed = await update(house, practice.id, created.patient_id, family_name="Neumann")
    assert (renamed.data.family_name, renamed.data.given_name) == ("Neumann", "Erika")
    assert (renamed.data.email, renamed.version) == (before.data.email, 2)
    moved = await update(house, practice.id, created.patient_id, email="")
    assert (moved.data.email, moved.contact.has_email, moved.version) == ("", False, 3)
    assert await house.events(created.patient_id) == [
        (1, PatientChanged(contact_version=1, has_email=True, has_mobile=True)),
        (2, PatientChanged(contact_version=1, has_email=True, has_mobile=True)),
        (3, PatientChanged(contact_version=2, has_mobile=True)),
    ]
    assert await house.found(practice.id, "Beispiel") == []
    assert await house.found(practice.id, "Neum") == [created.patient_id]


async def test_who_changes_what_somebody_else_changed_meanwhile_is_refused(house: House) -> None:
    practice = await house.practice()
    created = await house.patient(practice.id)
    await update(house, practice.id, created.patient_id, version=1, given_name="Erna")
    late = update(house, practice.id, created.patient_id, version=1, given_name="Ella")
    assert await reason(late) == "PATIENT_CHANGED"
    twins = [update(house, practice.id, created.patient_id, version=2, given_name=n) for n in ("Eva", "Ute")]
    answers = await both(*twins)
    assert sum(isinstance(each, patients_pb2.Patient) for each in answers) == 1


async def test_an_update_that_changes_nothing_leaves_version_and_events_alone(house: House) -> None:
    practice = await house.practice()
    created = await house.patient(practice.id)
    same = await update(house, practice.id, created.patient_id, given_name="Erika")
    assert same.version == 1
    assert len(await house.events(created.patient_id)) == 1


async def test_a_changed_pair_suspends_the_binding_but_another_spelling_does_not(house: House) -> None:
    practice = await house.practice()
    data = somebody()
    created = await house.patient(practice.id, data)
    await house.bind(practice.id, created.patient_id)
    respelled = await update(house, practice.id, created.patient_id, email=data.email.upper())
    assert respelled.contact.bound
    changed = await update(house, practice.id, created.patient_id, mobile=somebody().mobile)
    assert not changed.contact.bound
    assert [each.bound for _, each in await house.events(created.patient_id)] == [False, True, False]
    assert [each.contact_version for _, each in await house.events(created.patient_id)] == [1, 2, 3]
    states = await house.rows("SELECT state FROM binding WHERE patient_id = %s", created.patient_id)
    assert states == [("suspended",)]


async def test_staff_release_a_locked_birth_date_by_giving_it_anew(house: House) -> None:
    practice = await house.practice()
    created = await house.patient(practice.id)
    await house.execute("UPDATE patient SET birth_date_tries = 3 WHERE id = %s", created.patient_id)
    assert (await get(house, practice.id, created.patient_id)).contact.birth_date_locked
    released = await update(house, practice.id, created.patient_id, birth_date="1961-04-12")
    assert not released.contact.birth_date_locked


async def test_records_are_got_in_the_order_asked_and_listed_oldest_first(house: House) -> None:
    practice = await house.practice()
    made = []
    for _ in range(3):
        house.clock.advance(timedelta(seconds=1))
        made.append((await house.patient(practice.id)).patient_id)
    physician = house.caller("physician", practice.id)
    batch = patients_pb2.BatchGetPatientsRequest(patient_ids=[made[2], str(uuid4()), made[0]])
    got = await house.patients.BatchGetPatients(batch, metadata=physician)
    assert [each.id for each in got.patients] == [made[2], made[0]]
    request = patients_pb2.ListPatientsRequest(page_size=2)
    first = await house.patients.ListPatients(request, metadata=physician)
    request.page_token = first.next_page_token
    second = await house.patients.ListPatients(request, metadata=physician)
    assert [each.id for each in (*first.patients, *second.patients)] == made
    assert second.next_page_token == ""
    assert (await house.audited_why(practice.id))[-3:] == [
        ("patient.read_several", "shown:2"),
        ("patient.list", "shown:2"),
        ("patient.list", "shown:1"),
    ]


async def test_messaging_learns_the_flags_and_the_notifier_the_address(house: House) -> None:
    practice = await house.practice("Praxis Dr. Arndt")
    data = somebody()
    created = await house.patient(practice.id, data)
    state = patients_pb2.GetPatientStateRequest(practice_id=str(practice.id), patient_id=created.patient_id)
    got = await house.patients.GetPatientState(state, metadata=house.caller("messaging"))
    assert (got.version, got.contact_version, got.contact) == (1, 1, created.contact)
    resolve = patients_pb2.ResolveContactRequest(practice_id=str(practice.id), patient_id=created.patient_id)
    contact = await house.patients.ResolveContact(resolve, metadata=house.caller("notifier"))
    assert contact == patients_pb2.ResolveContactResponse(
        email=data.email,
        contact_version=1,
        language=practices_pb2.LANGUAGE_GERMAN,
        prompt_name="Praxis Dr. Arndt",
        phone="030 123456",
    )
    assert (await house.audited(practice.id))[-1] == "patient.resolve_contact"
    await update(house, practice.id, created.patient_id, email="", mobile="")
    call = house.patients.ResolveContact(resolve, metadata=house.caller("notifier"))
    refused = await refusal(call)
    assert (refused.reason, refused.metadata["missing"]) == ("CONTACT_MISSING", "email,mobile")


async def test_the_notifier_learns_the_addresses_of_several_practices_patients_in_one_call(
    house: House,
) -> None:
    first, second = await house.practice("Praxis Dr. Arndt"), await house.practice("Praxis Dr. Berg")
    records, emails = [], {}
    for practice in (first, second, second):
        data = somebody()
        created = await house.patient(practice.id, data)
        records.append((str(practice.id), created.patient_id))
        emails[created.patient_id] = data.email
    unreachable = await house.patient(first.id, somebody())
    await update(house, first.id, unreachable.patient_id, email="")
    wanted = [
        *records,
        (str(first.id), unreachable.patient_id),
        (str(first.id), records[1][1]),
        (str(uuid4()), str(uuid4())),
    ]

    def ask(asked: list[tuple[str, str]]) -> patients_pb2.ResolveContactsRequest:
        each = (patients_pb2.ResolveContactRequest(practice_id=of, patient_id=who) for of, who in asked)
        return patients_pb2.ResolveContactsRequest(records=each)

    found = await house.patients.ResolveContacts(ask(wanted), metadata=house.caller("notifier"))
    assert {(each.practice_id, each.patient_id) for each in found.contacts} == set(records)
    assert {each.patient_id: each.contact.email for each in found.contacts} == emails
    names = {each.practice_id: each.contact.prompt_name for each in found.contacts}
    assert names == {str(first.id): "Praxis Dr. Arndt", str(second.id): "Praxis Dr. Berg"}
    for practice, count in ((first, 1), (second, 2)):
        assert (await house.audited(practice.id)).count("patient.resolve_contact") == count
    for wrong in ([], [records[0]] * 2, [(str(uuid4()), str(uuid4())) for _ in range(101)]):
        refused = await refusal(house.patients.ResolveContacts(ask(wrong), metadata=house.caller("notifier")))
        assert refused.reason == "INVALID_FIELD"
