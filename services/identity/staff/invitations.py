"""Invites people to a practice's staff and takes their acceptance."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, bindparam, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.identity import refusals
from services.identity.code_windows import count_code, note_code
from services.identity.codes import INVITATION_LIFETIME, Codes, invitation_code, invitation_code_as_typed
from services.identity.contact import ContactIndex
from services.identity.notices import Notice, NoticeQueue, Recipient
from services.identity.practices.domain import Practice
from services.identity.staff.domain import Person, StaffMember, StaffState
from services.identity.staff.store import StaffStore
from services.identity.tables.practices import staff_invitation

_PURPOSE = "invitation"
_INVITED = text("SELECT practice_id, staff_id FROM staff_member_by_invitation(:code_hash)").bindparams(
    bindparam("code_hash", type_=LargeBinary)
)


class Invitations:
    """Codes for people who are to choose their first password; the newest one of a member is good, once."""

    def __init__(
        self,
        staff: StaffStore,
        codes: Codes,
        notices: NoticeQueue,
        contact: ContactIndex,
        new_id: Callable[[], UUID],
    ) -> None:
        self._staff = staff
        self._codes = codes
        self._notices = notices
        self._contact = contact
        self._new_id = new_id

    async def invite(
        self, tx: AsyncConnection, practice: Practice, person: Person, role: str, now: datetime
    ) -> UUID:
        """Add a member and send the first invitation; the caller has locked the practice or just made it."""
        if await self._staff.has_email(tx, practice.id, person.email):
            raise refusals.staff_email_taken()
        member = StaffMember(
            practice_id=practice.id,
            id=self._new_id(),
            person=person,
            role=role,
            has_password=False,
            disabled_at=None,
            created_at=now,
        )
        await self._staff.add(tx, member)
        await note_code(tx, self._window(member.id), now)
        await self._send(tx, practice, member, now)
        return member.id

    async def send_again(
        self, tx: AsyncConnection, practice: Practice, member: StaffMember, now: datetime
    ) -> datetime:
        """Send a new invitation; the old code dies. Returns when the new one ends. Refuses TOO_MANY_CODES."""
        await count_code(tx, self._window(member.id), now)
        return await self._send(tx, practice, member, now)

    async def invited(self, tx: AsyncConnection, email: str, typed: str) -> tuple[UUID, UUID]:
        """Return practice and member of a code, whether it is still good or not; refuses CODE_REFUSED."""
        code_hash = self._hashed(email, invitation_code_as_typed(typed))
        found = (await tx.execute(_INVITED, {"code_hash": code_hash})).one_or_none()
        if found is None:
            raise refusals.code_refused()
        return found.practice_id, found.staff_id

    async def check(self, tx: AsyncConnection, member: StaffMember, typed: str, now: datetime) -> None:
        """Refuses CODE_REFUSED unless the code is the member's newest, unused and not expired."""
        newest = (
            select(staff_invitation.c.code_hash, staff_invitation.c.expires_at)
            .where(
                staff_invitation.c.practice_id == member.practice_id,
                staff_invitation.c.staff_id == member.id,
            )
            .order_by(staff_invitation.c.created_at.desc(), staff_invitation.c.id.desc())
            .limit(1)
        )
        row = (await tx.execute(newest)).one()
        typed_hash = self._hashed(member.person.email, invitation_code_as_typed(typed))
        if member.state is not StaffState.INVITED or row.code_hash != typed_hash or row.expires_at <= now:
            raise refusals.code_refused()

    async def _send(
        self, tx: AsyncConnection, practice: Practice, member: StaffMember, now: datetime
    ) -> datetime:
        code = invitation_code()
        expires_at = now + INVITATION_LIFETIME
        row = {
            "practice_id": practice.id,
            "id": self._new_id(),
            "staff_id": member.id,
            "code_hash": self._hashed(member.person.email, invitation_code_as_typed(code)),
            "created_at": now,
            "expires_at": expires_at,
        }
        await tx.execute(insert(staff_invitation).values(row))
        notice = Notice(
            to=Recipient.email(member.person.email),
            kind="invitation",
            code=code,
            expires_at=expires_at,
            language=practice.settings.language,
            practice_name=practice.settings.name,
        )
        await self._notices.enqueue(tx, notice, now)
        return expires_at

    def _hashed(self, email: str, code: str) -> bytes:
        return self._codes.hashed(_PURPOSE, self._contact.email(email).hex(), code)

    def _window(self, staff_id: UUID) -> bytes:
        return self._codes.hashed("invitation window", staff_id, "")
