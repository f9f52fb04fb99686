"""A practice reaches nothing of another: not through any RPC, and not with the code's own checks removed."""

from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from praxispost.identity.v1 import patients_pb2, practices_pb2, service_accounts_pb2, staff_pb2
from services.identity.tables import metadata as tables
from tests.integration.identity.organisation.house import House, Metadata, somebody
from tests.integration.identity.organisation.reader_answers import represented
from tests.integration.identity.stage import refusal

Call = Callable[[House, Metadata, str], Awaitable[object]]

PATIENT_CALLS: dict[str, Call] = {
    "UpdatePatient": lambda house, who, patient_id: house.patients.UpdatePatient(
        patients_pb2.UpdatePatientRequest(
            patient_id=patient_id, data=somebody(), update_mask=FieldMask(paths=["email"])
        ),
        metadata=who,
    ),
    "GetPatient": lambda house, who, patient_id: house.patients.GetPatient(
        patients_pb2.GetPatientRequest(patient_id=patient_id), metadata=who
    ),
}
STAFF_CALLS: dict[str, Call] = {
    "ResendInvitation": lambda house, who, staff_id: house.staff.ResendInvitation(
        staff_pb2.ResendInvitationRequest(staff_id=staff_id), metadata=who
    ),
    "GetStaffMember": lambda house, who, staff_id: house.staff.GetStaffMember(
        staff_pb2.GetStaffMemberRequest(staff_id=staff_id), metadata=who
    ),
    "ChangeStaffRole": lambda house, who, staff_id: house.staff.ChangeStaffRole(
        staff_pb2.ChangeStaffRoleRequest(staff_id=staff_id, role=staff_pb2.STAFF_ROLE_ADMIN), metadata=who
    ),
    "DisableStaffMember": lambda house, who, staff_id: house.staff.DisableStaffMember(
        staff_pb2.DisableStaffMemberRequest(staff_id=staff_id), metadata=who
    ),
    "EnableStaffMember": lambda house, who, staff_id: house.staff.EnableStaffMember(
        staff_pb2.EnableStaffMemberRequest(staff_id=staff_id), metadata=who
    ),
}


async def assert_alike(house: House, call: Call, who: Metadata, foreign_id: str, reason: str) -> None:
    """What is foreign and what does not exist are refused with the same words."""
    foreign, absent = [await refusal(call(house, who, each)) for each in (foreign_id, str(uuid4()))]
    assert (foreign.status, foreign.reason, foreign.message) == (
        absent.status,
        absent.reason,
        absent.message,
    )
    assert foreign.reason == reason


@pytest.mark.parametrize("method", PATIENT_CALLS)
async def test_a_foreign_patient_looks_like_none(house: House, method: str) -> None:
    own, foreign = await house.practice(), await house.practice()
    patient = await house.patient(foreign.id)
    for role in ("admin", "physician", "assistant", "practice_service"):
        who = house.caller(role, own.id)
        await assert_alike(house, PATIENT_CALLS[method], who, patient.patient_id, "PATIENT_NOT_FOUND")


@pytest.mark.parametrize("method", STAFF_CALLS)
async def test_a_foreign_staff_member_looks_like_none(house: House, method: str) -> None:
    own, foreign = await house.practice(), await house.practice()
    who = house.caller("admin", own.id)
    await assert_alike(house, STAFF_CALLS[method], who, str(foreign.admin_id), "STAFF_MEMBER_NOT_FOUND")


async def test_a_patient_named_with_another_practice_looks_like_none(house: House) -> None:
    own, other = await house.practice(), await house.practice()
    patient = await house.patient(own.id)
    for practice_id in (other.id, uuid4()):
        state = patients_pb2.GetPatientStateRequest(
            practice_id=str(practice_id), patient_id=patient.patient_id
        )
        contact = patients_pb2.ResolveContactRequest(
            practice_id=str(practice_id), patient_id=patient.patient_id
        )
        refused = [
            await refusal(house.patients.GetPatientState(state, metadata=house.caller("messaging"))),
            await refusal(house.patients.ResolveContact(contact, metadata=house.caller("notifier"))),
        ]
        assert [each.reason for each in refused] == ["PATIENT_NOT_FOUND"] * 2


async def test_lists_and_searches_hold_nothing_of_another_practice(house: House) -> None:
    own, foreign = await house.practice(), await house.practice()
    mine = await house.patient(own.id, somebody(family_name="Gleichnam"))
    theirs = await house.patient(foreign.id, somebody(family_name="Gleichnam"))
    who = house.caller("admin", own.id)
    assert await house.found(own.id, "Gleichnam") == [mine.patient_id]
    batch = patients_pb2.BatchGetPatientsRequest(patient_ids=[theirs.patient_id, mine.patient_id])
    got = await house.patients.BatchGetPatients(batch, metadata=who)
    listed = await house.patients.ListPatients(patients_pb2.ListPatientsRequest(), metadata=who)
    assert [each.id for each in (*got.patients, *listed.patients)] == [mine.patient_id] * 2
    staff = await house.staff.ListStaffMembers(staff_pb2.ListStaffMembersRequest(), metadata=who)
    assert [each.id for each in staff.staff_members] == [str(own.admin_id)]


# Worked off for all practices at once; an event is handled in a transaction limited to its practice.
SHARED = {"inbox"}
PROTECTED = sorted(
    (name, column)
    for name, table in tables.tables.items()
    if name not in SHARED
    for column in ("scope_id", "practice_id", "tenant_id", "id" if name == "practice" else "")
    if column in table.c and not (column == "practice_id" and "scope_id" in table.c)
)


@pytest.mark.parametrize(("name", "column"), PROTECTED)
async def test_a_query_without_where_finds_the_own_practices_rows_only(
    house: House, name: str, column: str
) -> None:
    own, foreign = await house.practice(), await house.practice()
    for practice in (own, foreign):
        await _fill(house, practice.id)
    table = tables.tables[name]
    async with house.base.database.transaction((own.id,)) as tx:
        seen = set((await tx.execute(select(table.c[column]))).scalars())
    async with house.base.database.transaction() as tx:
        unseen = (await tx.execute(select(table.c[column]))).scalars().all()
    assert seen == {own.id}
    assert unseen == []


@pytest.mark.parametrize(("name", "column"), PROTECTED)
async def test_no_row_can_be_moved_into_another_practice(house: House, name: str, column: str) -> None:
    own, foreign = await house.practice(), await house.practice()
    await _fill(house, own.id)
    table = tables.tables[name]
    written = "practice_id" if column == "scope_id" else column
    with pytest.raises(DBAPIError, match=r"row-level security|permission denied"):
        async with house.base.database.transaction((own.id,)) as tx:
            await tx.execute(table.update().values({written: foreign.id}))


async def _fill(house: House, practice_id: UUID) -> None:
    """At least one row of the practice in every table."""
    created = await house.patient(practice_id)
    request = service_accounts_pb2.CreateServiceAccountRequest(request_id=str(uuid4()), label="Labor")
    admin = house.caller("admin", practice_id)
    await house.service_accounts.CreateServiceAccount(request, metadata=admin)
    await house.bind(practice_id, created.patient_id)
    await _fill_readers(house, practice_id)
    await _fill_access(house, practice_id, created.patient_id)
    got = await house.practices.GetPractice(practices_pb2.GetPracticeRequest(), metadata=admin)
    assert got.practice.id == str(practice_id)


async def _fill_readers(house: House, practice_id: UUID) -> None:
    """A question who reads, with its task, and a representation."""
    family = somebody()
    reader, child = (await house.patient(practice_id, family), await house.patient(practice_id, family))
    await represented(house, practice_id, child.patient_id, reader.patient_id)


async def _fill_access(house: House, practice_id: UUID, patient_id: str) -> None:
    registration_id = uuid4()
    await house.execute(
        "INSERT INTO registration"
        " (id, secret_hash, email_index, pair_index, typed, state, created_at, expires_at)"
        " VALUES (%s, %s, '', '', '', 'sms_code', now(), now() - interval '1 day')",
        registration_id,
        registration_id.bytes,
    )
    await house.execute(
        "INSERT INTO access_problem VALUES (%s, %s, %s, 'mobile', now())",
        practice_id,
        patient_id,
        registration_id,
    )
    await house.execute(
        "INSERT INTO import_difference (practice_id, patient_id, difference_index, noticed_at)"
        " VALUES (%s, %s, '', now())",
        practice_id,
        patient_id,
    )
    await house.execute(
        "INSERT INTO task (practice_id, patient_id, kind, opened_at) VALUES (%s, %s, 'not_for_me', now())",
        practice_id,
        patient_id,
    )
