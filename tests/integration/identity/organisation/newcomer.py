"""A person at the steps of a registration, and what the worker then does about it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select

from chassis.tokens import PublicKeys, TokenVerifier
from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.identity.v1 import (
    access_pb2,
    access_pb2_grpc,
    events_pb2,
    patients_pb2,
    registration_pb2,
    registration_pb2_grpc,
    tokens_pb2,
    tokens_pb2_grpc,
)
from services.identity.notices import Recipient
from services.identity.people import looks
from services.identity.tables.people import notice as notice_table
from tests.integration.identity.organisation.house import House

PASSWORD = "Zwölf grüne Enten"


@dataclass
class Newcomer:
    """Somebody who types an address, a number and a birth date."""

    house: House
    email: str
    mobile: str
    registration: str = field(default="")

    @property
    def steps(self) -> "registration_pb2_grpc.RegistrationServiceAsyncStub":
        return registration_pb2_grpc.RegistrationServiceStub(self.house.channel)

    async def prove_email(self) -> "Newcomer":
        """Begin, and type the code from the e-mail; a second later than whatever was sent before."""
        self.house.clock.advance(timedelta(seconds=1))
        request = registration_pb2.StartRegistrationRequest(
            email=self.email, mobile=self.mobile, password=PASSWORD
        )
        started = await self.steps.StartRegistration(request, metadata=self.house.caller("portal"))
        self.registration = started.registration
        verify = registration_pb2.VerifyEmailRequest(
            registration=self.registration, code=(await codes_to(self.house, self.email))[-1]
        )
        await self.steps.VerifyEmail(verify, metadata=self.house.caller("portal"))
        return self

    async def prove_mobile(self) -> "Newcomer":
        """Type the code from the SMS."""
        verify = registration_pb2.VerifyMobileRequest(
            registration=self.registration, code=(await codes_to(self.house, self.mobile))[-1]
        )
        await self.steps.VerifyMobile(verify, metadata=self.house.caller("portal"))
        return self

    async def proven(self) -> "Newcomer":
        """Both."""
        return await (await self.prove_email()).prove_mobile()

    async def complete(self, born: str) -> registration_pb2.CompleteRegistrationResponse:
        """Type the birth date."""
        request = registration_pb2.CompleteRegistrationRequest(
            registration=self.registration, birth_date=born
        )
        return await self.steps.CompleteRegistration(request, metadata=self.house.caller("portal"))

    async def resend(self) -> None:
        """Ask for the code that is due once more."""
        request = registration_pb2.ResendCodeRequest(registration=self.registration)
        await self.steps.ResendCode(request, metadata=self.house.caller("portal"))


async def codes_to(house: House, value: str) -> list[str]:
    """The codes that were sent to an address or number, oldest first."""
    query = select(notice_table.c.id, notice_table.c.sealed)
    async with house.base.database.transaction() as tx:
        rows = (await tx.execute(query)).all()
    opened = [house.base.proofs.notices.opened(row.id, row.sealed) for row in rows]
    sent = sorted((each for each in opened if each.to.value == value), key=lambda each: each.expires_at)
    return [each.code for each in sent]


async def told_of_access(house: House, patient_id: str) -> int:
    """How often the person who is bound to the record was told that there is access now."""
    rows = await house.rows(
        "SELECT account_id FROM binding WHERE patient_id = %s AND state = 'active'", patient_id
    )
    [(account_id,)] = rows
    query = select(notice_table.c.id, notice_table.c.sealed)
    async with house.base.database.transaction() as tx:
        waiting = (await tx.execute(query)).all()
    notices = [house.base.proofs.notices.opened(row.id, row.sealed) for row in waiting]
    told = [each.to for each in notices if each.kind == "access_granted"]
    return told.count(Recipient.account_email(account_id))


async def look(house: House) -> None:
    """What the worker does until nothing is left to look at."""
    base = house.base
    looking = looks(
        base.database,
        base.keys,
        base.registration_sealer,
        base.proofs,
        clock=house.clock,
        new_id=uuid4,
    )
    while await looking.look_next():
        pass


def access_of(house: House) -> "access_pb2_grpc.AccessServiceAsyncStub":
    return access_pb2_grpc.AccessServiceStub(house.channel)


async def access(house: House, practice_id: UUID, patient_id: str) -> access_pb2.GetAccessResponse:
    """What staff see of a patient's way in."""
    request = access_pb2.GetAccessRequest(patient_id=patient_id)
    return await access_of(house).GetAccess(request, metadata=house.caller("assistant", practice_id))


async def release(house: House, practice_id: UUID, patient_id: str) -> access_pb2.ReleaseBirthDateResponse:
    request = access_pb2.ReleaseBirthDateRequest(patient_id=patient_id)
    return await access_of(house).ReleaseBirthDate(request, metadata=house.caller("assistant", practice_id))


async def correct(house: House, practice_id: UUID, patient_id: str, **fields: Any) -> None:
    """Staff change fields of the record."""
    request = patients_pb2.UpdatePatientRequest(
        patient_id=patient_id, data=patients_pb2.PatientData(**fields)
    )
    request.update_mask.paths.extend(fields)
    await house.patients.UpdatePatient(request, metadata=house.caller("assistant", practice_id))


async def entitled(house: House, session: str) -> list[str]:
    """The patients that the holder of a session may read for."""
    request = tokens_pb2.ExchangeSessionRequest(session=session, audience="messaging", by_person=True)
    stub = tokens_pb2_grpc.TokenServiceStub(house.channel)
    token = (await stub.ExchangeSession(request, metadata=house.caller("portal"))).token
    keys = PublicKeys.local(house.base.signing_keys)
    verified = await TokenVerifier("messaging", keys, house.clock).verify(token)
    return [str(each.subject_id) for each in verified.entitlements]


async def tasks(house: House, practice_id: UUID) -> list[tuple[str, str, str]]:
    """What was told of the practice's tasks, in order: opened or closed, kind, patient."""
    rows = await house.rows("SELECT envelope FROM outbox WHERE type LIKE 'identity.task_%%' ORDER BY id")
    envelopes = [Envelope.FromString(envelope) for (envelope,) in rows]
    told = []
    for each in envelopes:
        if each.tenant_id == str(practice_id):
            data = events_pb2.TaskOpened.FromString(each.data)
            kind = events_pb2.TaskKind.Name(data.kind).removeprefix("TASK_KIND_")
            told.append((each.type.removeprefix("identity.task_"), kind, data.patient_id))
    return told
