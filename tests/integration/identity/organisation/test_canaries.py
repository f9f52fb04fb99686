"""Nothing personal stands in the database as it was typed: not as text, as bytes or encoded."""

import base64
import re
from uuid import UUID

import psycopg
import pytest
from grpc import StatusCode

from chassis.grpc_client import AioRpcError
from praxispost.identity.v1 import staff_pb2
from tests.integration.identity.organisation.house import PASSWORD, House, request_id, somebody
from tests.integration.identity.organisation.test_patients import get, update
from tests.integration.identity.stage import refusal

PERSONAL = {
    "given_name": "Kanarienvogelvorname",
    "family_name": "Kanarienvogelnachname",
    "birth_date": "1937-11-23",
    "email": "kanarie.patient@federvieh.example",
    "mobile": "+4915198765432",
}
STAFF = ("Kanarienchef", "Kanarienberg", "kanarie.chef@federvieh.example")


def forms(canary: str) -> set[bytes]:
    """The canary as a dump could show it."""
    compact = re.sub(r"\D", "", canary)
    texts = {canary, canary.casefold(), canary.upper(), *([compact] if len(compact) >= 8 else [])}
    found = {text.encode() for text in texts}
    encoded = {base64.b64encode(each).rstrip(b"=")[:-1] for each in found}
    return found | encoded | {each.hex().encode() for each in found}


async def dump(house: House) -> dict[str, bytes]:
    """Every table's rows as PostgreSQL's COPY writes them, and with each bytea as its raw bytes."""
    tables: dict[str, bytes] = {}
    async with await psycopg.AsyncConnection.connect(house.admin_url) as connection:
        names = await (
            await connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ).fetchall()
        for (name,) in names:
            rows = await (await connection.execute(f'SELECT * FROM "{name}"'.encode())).fetchall()
            cells = [cell for row in rows for cell in row]
            raw = [bytes(cell) for cell in cells if isinstance(cell, bytes)]
            tables[name] = "\n".join(str(cell) for cell in cells).encode() + b"\n".join(raw)
            tables[name] += b"\n".join(each.hex().encode() for each in raw)
    return tables


async def test_no_table_holds_what_people_are_called_and_where_they_are_reached(house: House) -> None:
    practice = await house.practice()
    admin = house.caller("admin", practice.id)
    given_name, family_name, email = STAFF
    await house.staff.InviteStaffMember(
        staff_pb2.InviteStaffMemberRequest(
            request_id=request_id(),
            email=email,
            given_name=given_name,
            family_name=family_name,
            role=staff_pb2.STAFF_ROLE_PHYSICIAN,
        ),
        metadata=admin,
    )
    code = (await house.invitation(email)).code
    await house.accept(email, code)
    created = await house.patient(practice.id, somebody(**PERSONAL))
    await house.patient(practice.id, somebody(**PERSONAL))
    await update(house, practice.id, created.patient_id, given_name=PERSONAL["given_name"] + "s")
    assert await house.found(practice.id, f"{PERSONAL['family_name']} {PERSONAL['birth_date']}")
    await refusal(house.patient(practice.id, somebody(**PERSONAL | {"mobile": PERSONAL["mobile"] + "0000"})))

    got = await get(house, practice.id, created.patient_id)
    assert got.data.email == PERSONAL["email"]
    tables = await dump(house)
    assert {"patient", "patient_search", "staff_member", "request", "outbox", "audit"} <= tables.keys()
    assert str(practice.id).encode() in tables["patient"]
    secrets = (*PERSONAL.values(), *STAFF, code, code.replace("-", ""), PASSWORD)
    found = {
        (table, canary)
        for table, content in tables.items()
        for canary in secrets
        if any(form in content for form in forms(canary))
    }
    assert found == set()


async def test_the_same_data_look_different_in_every_record_and_practice(house: House) -> None:
    first, second = await house.practice(), await house.practice()
    ids = [(await house.patient(each.id, somebody(**PERSONAL))).patient_id for each in (first, second)]
    sealed = "given_name, family_name, birth_date, email, mobile, birth_date_index"
    rows = await house.rows(f"SELECT {sealed} FROM patient WHERE id = ANY(%s::uuid[])", ids)
    assert all(one != other for one, other in zip(*rows, strict=True))
    tokens = "SELECT token FROM patient_search WHERE patient_id = %s"
    theirs = [{bytes(token) for (token,) in await house.rows(tokens, each)} for each in ids]
    assert theirs[0].isdisjoint(theirs[1])


async def test_a_value_that_was_moved_to_another_record_or_field_is_not_shown(house: House) -> None:
    practice = await house.practice()
    ids = [(await house.patient(practice.id)).patient_id for _ in range(2)]
    await house.execute(
        "UPDATE patient SET given_name = (SELECT given_name FROM patient WHERE id = %s) WHERE id = %s", *ids
    )
    await _assert_internal(house, practice.id, ids[1])
    await house.execute("UPDATE patient SET given_name = family_name WHERE id = %s", ids[0])
    await _assert_internal(house, practice.id, ids[0])


async def _assert_internal(house: House, practice_id: UUID, patient_id: str) -> None:
    with pytest.raises(AioRpcError) as caught:
        await get(house, practice_id, patient_id)
    assert caught.value.code() is StatusCode.INTERNAL
