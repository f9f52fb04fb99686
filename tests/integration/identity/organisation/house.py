"""Identity's api in the hands of a test: callers of every role, and what a practice does first."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from grpc import aio
from sqlalchemy import select

from chassis.caller import Caller
from chassis.grpc_client import channel
from chassis.tokens import TokenSigner
from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.identity.v1 import (
    patients_pb2,
    patients_pb2_grpc,
    practices_pb2,
    practices_pb2_grpc,
    service_accounts_pb2_grpc,
    staff_pb2,
    staff_pb2_grpc,
    tokens_pb2_grpc,
)
from praxispost.identity.v1.events_pb2 import PatientChanged
from services.identity.foundation import Foundation
from services.identity.notices import Notice
from services.identity.tables.people import notice as notice_table
from tests.integration.identity.stage import Clock, bearer

Metadata = tuple[tuple[str, str], ...]
new_id = uuid4
LIFETIME = timedelta(minutes=5)
PASSWORD = "Vierzehn stille Otter tauchen"


@asynccontextmanager
async def channel_to(port: int) -> AsyncIterator[aio.Channel]:
    """A channel that carries no token of its own."""
    opened = channel(f"127.0.0.1:{port}", tokens=None, audience="identity")
    try:
        yield opened
    finally:
        await opened.close()


def request_id() -> str:
    return str(uuid4())


@dataclass(frozen=True, slots=True)
class PracticeAndAdmin:
    """A practice that was just created, and its invited admin."""

    id: UUID
    admin_id: UUID
    admin_email: str


@dataclass(frozen=True)
class House:
    """What a test has in hand."""

    admin_url: str
    base: Foundation
    channel: aio.Channel
    signer: TokenSigner
    clock: Clock

    @property
    def practices(self) -> "practices_pb2_grpc.PracticeServiceAsyncStub":
        return practices_pb2_grpc.PracticeServiceStub(self.channel)

    @property
    def staff(self) -> "staff_pb2_grpc.StaffServiceAsyncStub":
        return staff_pb2_grpc.StaffServiceStub(self.channel)

    @property
    def patients(self) -> "patients_pb2_grpc.PatientServiceAsyncStub":
        return patients_pb2_grpc.PatientServiceStub(self.channel)

    @property
    def service_accounts(self) -> "service_accounts_pb2_grpc.ServiceAccountServiceAsyncStub":
        return service_accounts_pb2_grpc.ServiceAccountServiceStub(self.channel)

    @property
    def tokens(self) -> "tokens_pb2_grpc.TokenServiceAsyncStub":
        return tokens_pb2_grpc.TokenServiceStub(self.channel)

    def caller(self, role: str, practice_id: UUID | None = None, subject_id: UUID | None = None) -> Metadata:
        """The metadata of a call by this role, of a practice or of the platform."""
        who = Caller(subject_id or uuid4(), role, practice_id, (), None, self.clock() + LIFETIME)
        return bearer(self.signer.sign(who, "identity", self.clock(), LIFETIME))

    async def practice(self, name: str = "Praxis am Park") -> PracticeAndAdmin:
        """A new practice, younger than all others; its admin is invited and has not accepted."""
        self.clock.advance(timedelta(seconds=1))
        email = f"admin.{secrets.token_hex(6)}@example.com"
        request = practices_pb2.CreatePracticeRequest(
            request_id=request_id(),
            settings=practices_pb2.PracticeSettings(name=name, phone="030 123456"),
            first_admin=practices_pb2.FirstAdmin(email=email, given_name="Anna", family_name="Arndt"),
        )
        response = await self.practices.CreatePractice(request, metadata=self.caller("operator"))
        return PracticeAndAdmin(UUID(response.practice_id), UUID(response.staff_id), email)

    async def accept(self, email: str, code: str, password: str = PASSWORD) -> UUID:
        """Accept an invitation; returns the member's id."""
        request = staff_pb2.AcceptInvitationRequest(email=email, code=code, password=password)
        response = await self.staff.AcceptInvitation(request, metadata=self.caller("portal"))
        return UUID(response.staff_id)

    async def invitation(self, email: str) -> Notice:
        """The newest invitation that was sent to the address."""
        return (await self.invitations(email))[-1]

    async def invitations(self, email: str) -> list[Notice]:
        """All invitations to the address, by when they end."""
        query = select(notice_table.c.id, notice_table.c.sealed)
        async with self.base.database.transaction() as tx:
            rows = (await tx.execute(query)).all()
        opened = [self.base.proofs.notices.opened(row.id, row.sealed) for row in rows]
        found = [each for each in opened if each.kind == "invitation" and each.to.value == email]
        return sorted(found, key=lambda each: each.expires_at)

    async def member(self, practice: PracticeAndAdmin, role: "staff_pb2.StaffRole.ValueType") -> UUID:
        """A new member of the practice who has accepted."""
        email = f"member.{secrets.token_hex(6)}@example.com"
        request = staff_pb2.InviteStaffMemberRequest(
            request_id=request_id(), email=email, given_name="Mia", family_name="Meier", role=role
        )
        await self.staff.InviteStaffMember(request, metadata=self.caller("admin", practice.id))
        return await self.accept(email, (await self.invitation(email)).code)

    async def patient(
        self, practice_id: UUID, data: patients_pb2.PatientData | None = None
    ) -> patients_pb2.CreatePatientResponse:
        """A new record of the practice."""
        request = patients_pb2.CreatePatientRequest(request_id=request_id(), data=data or somebody())
        return await self.patients.CreatePatient(request, metadata=self.caller("assistant", practice_id))

    async def found(self, practice_id: UUID, query: str) -> list[str]:
        """The ids of the records that are found."""
        request = patients_pb2.SearchPatientsRequest(query=query)
        answer = await self.patients.SearchPatients(request, metadata=self.caller("physician", practice_id))
        return [each.id for each in answer.patients]

    async def bind(self, practice_id: UUID, patient_id: str) -> None:
        """Bind some new account to the record."""
        account_id = uuid4()
        await self.execute(
            "INSERT INTO account (id, pair_index, email_index, contact, password_hash, created_at)"
            " VALUES (%s, %s, '', '', '', now())",
            account_id,
            account_id.bytes,
        )
        await self.execute(
            "INSERT INTO binding SELECT practice_id, gen_random_uuid(), id, %s, 'self', 'active', pair_index,"
            " now() FROM patient WHERE practice_id = %s AND id = %s",
            account_id,
            practice_id,
            patient_id,
        )

    async def events(self, patient_id: str) -> list[tuple[int, PatientChanged]]:
        """What was published of the record: version and flags, in the order of recording."""
        rows = await self.rows("SELECT envelope FROM outbox ORDER BY id")
        envelopes = [Envelope.FromString(envelope) for (envelope,) in rows]
        return [
            (each.aggregate_version, PatientChanged.FromString(each.data))
            for each in envelopes
            if each.aggregate_id == patient_id
        ]

    async def audited(self, practice_id: UUID) -> list[str]:
        """The actions that were noted of the practice."""
        rows = await self.rows("SELECT action FROM audit WHERE tenant_id = %s ORDER BY id", practice_id)
        return [str(action) for (action,) in rows]

    async def audited_why(self, practice_id: UUID) -> list[tuple[str, str]]:
        """The same, with the reasons noted."""
        rows = await self.rows("SELECT action, why FROM audit WHERE tenant_id = %s ORDER BY id", practice_id)
        return [(str(action), str(why)) for action, why in rows]

    async def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What stands in the database, past row-level security."""
        async with await psycopg.AsyncConnection.connect(self.admin_url) as connection:
            return await (await connection.execute(query.encode(), values)).fetchall()

    async def execute(self, statement: str, *values: object) -> None:
        """Do something past row-level security."""
        async with await psycopg.AsyncConnection.connect(self.admin_url, autocommit=True) as connection:
            await connection.execute(statement.encode(), values)


def somebody(**changed: Any) -> patients_pb2.PatientData:
    """Data of a patient with an address and a number that nobody else has."""
    data = patients_pb2.PatientData(
        given_name="Erika",
        family_name="Beispiel",
        birth_date="1961-04-12",
        email=f"patient.{secrets.token_hex(6)}@example.com",
        mobile=f"+49151{secrets.randbelow(10**8):08}",
    )
    data.MergeFrom(patients_pb2.PatientData(**changed))
    return data


async def both(*calls: Awaitable[object]) -> list[object]:
    """What became of calls that were made at the same moment: answers and errors."""
    return list(await asyncio.gather(*calls, return_exceptions=True))
