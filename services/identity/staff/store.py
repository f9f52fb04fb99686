"""Keeps staff members: personal fields sealed, found by a blind index of the address."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    LargeBinary,
    Row,
    bindparam,
    func,
    insert,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.keys import Keys
from chassis.paging import Position
from services.identity import refusals
from services.identity.contact import ContactIndex
from services.identity.passwords import matching
from services.identity.records import RecordSealer
from services.identity.staff.domain import ADMIN, Person, StaffMember
from services.identity.tables.practices import staff_member

_HASHES = text("SELECT password_hash FROM staff_members_by_email(:email_index)").bindparams(
    bindparam("email_index", type_=LargeBinary)
)
_MEMBER = select(
    staff_member.c.practice_id,
    staff_member.c.id,
    staff_member.c.email,
    staff_member.c.given_name,
    staff_member.c.family_name,
    staff_member.c.role,
    staff_member.c.password_hash.is_not(None).label("has_password"),
    staff_member.c.disabled_at,
    staff_member.c.created_at,
)


class StaffStore:
    """Staff members' rows of the practice that the transaction is open for."""

    def __init__(self, keys: Keys, contact: ContactIndex) -> None:
        self._keys = keys
        self._contact = contact

    async def add(self, tx: AsyncConnection, member: StaffMember) -> None:
        """Store a new member who has no password yet."""
        sealer = RecordSealer(await self._keys.sealer(member.id), member.practice_id, member.id)
        person = member.person
        row = {
            "practice_id": member.practice_id,
            "id": member.id,
            "email": sealer.seal("email", person.email),
            "given_name": sealer.seal("given_name", person.given_name),
            "family_name": sealer.seal("family_name", person.family_name),
            "email_index": self._contact.email(person.email),
            "role": member.role,
            "created_at": member.created_at,
        }
        await tx.execute(insert(staff_member).values(row))

    async def has_email(self, tx: AsyncConnection, practice_id: UUID, email: str) -> bool:
        """Whether a member of the practice has the address; asked under the lock of the practice."""
        query = select(func.count()).where(
            staff_member.c.practice_id == practice_id,
            staff_member.c.email_index == self._contact.email(email),
        )
        return bool((await tx.execute(query)).scalar_one())

    async def get(self, tx: AsyncConnection, practice_id: UUID, staff_id: UUID) -> StaffMember | None:
        """Return the member, None where the practice has no such one."""
        found = await self._opened((await tx.execute(_MEMBER.where(_is(practice_id, staff_id)))).all())
        return found[0] if found else None

    async def page(
        self, tx: AsyncConnection, practice_id: UUID, after: Position | None, most: int
    ) -> list[StaffMember]:
        """Return at most so many members, oldest first."""
        query = _MEMBER.where(staff_member.c.practice_id == practice_id)
        if after is not None:
            query = query.where(tuple_(staff_member.c.created_at, staff_member.c.id) > (after.at, after.id))
        query = query.order_by(staff_member.c.created_at, staff_member.c.id).limit(most)
        return await self._opened((await tx.execute(query)).all())

    async def active_admins(self, tx: AsyncConnection, practice_id: UUID) -> int:
        """Count them; asked under the lock of the practice."""
        query = select(func.count()).where(
            staff_member.c.practice_id == practice_id,
            staff_member.c.role == ADMIN,
            staff_member.c.password_hash.is_not(None),
            staff_member.c.disabled_at.is_(None),
        )
        return int((await tx.execute(query)).scalar_one())

    async def change(self, tx: AsyncConnection, member: StaffMember) -> None:
        """Store a member's role and since when the member is disabled."""
        values = {"role": member.role, "disabled_at": member.disabled_at}
        await tx.execute(update(staff_member).where(_is(member.practice_id, member.id)).values(values))

    async def keep_passwords_apart(self, tx: AsyncConnection, email: str, password_hash: str) -> None:
        """Refuses PASSWORD_TOO_WEAK where somebody else at the address, in any practice, has this password.

        A login says neither practice nor name, so the password must tell who it is (ADR 0001). Until the
        transaction ends nobody else at the address chooses one.
        """
        email_index = self._contact.email(email)
        key = int.from_bytes(email_index[:8], "big", signed=True)
        await tx.execute(select(func.pg_advisory_xact_lock(key)))
        hashes = (await tx.execute(_HASHES, {"email_index": email_index})).scalars().all()
        if matching(password_hash, hashes):
            raise refusals.password_too_weak()

    async def set_password(self, tx: AsyncConnection, member: StaffMember, password_hash: str) -> None:
        """Store the password's hash; from now on the member is active."""
        row = update(staff_member).where(_is(member.practice_id, member.id))
        await tx.execute(row.values(password_hash=password_hash))

    async def _opened(self, rows: Sequence[Row[tuple[object, ...]]]) -> list[StaffMember]:
        sealers = await self._keys.sealers([row.id for row in rows]) if rows else {}
        return [_member(row, RecordSealer(sealers[row.id], row.practice_id, row.id)) for row in rows]


def _is(practice_id: UUID, staff_id: UUID) -> ColumnElement[bool]:
    return (staff_member.c.practice_id == practice_id) & (staff_member.c.id == staff_id)


def _member(row: Row[tuple[object, ...]], sealer: RecordSealer) -> StaffMember:
    person = Person(
        email=sealer.open("email", row.email),
        given_name=sealer.open("given_name", row.given_name),
        family_name=sealer.open("family_name", row.family_name),
    )
    return StaffMember(
        practice_id=row.practice_id,
        id=row.id,
        person=person,
        role=row.role,
        has_password=row.has_password,
        disabled_at=row.disabled_at,
        created_at=row.created_at,
    )
