"""Practices with staff and patients, and the way of a person through registration and login."""

import secrets
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from sqlalchemy import update

from praxispost.identity.v1 import registration_pb2, sessions_pb2
from services.identity.patients.domain import PatientData, PatientState
from services.identity.patients.pairs import lock_pairs
from services.identity.patients.states import load_state
from services.identity.patients.store import PatientStore
from services.identity.practices.domain import Practice, PracticeSettings
from services.identity.practices.store import add_practice
from services.identity.readers.questions import settle
from services.identity.staff.domain import Person as StaffPerson
from services.identity.staff.domain import StaffMember
from services.identity.staff.store import StaffStore
from services.identity.tables.practices import staff_member
from tests.integration.identity.stage import Stage

BORN = date(1961, 4, 12)
PASSWORD = "Zwölf grüne Enten"
ABSENCE = "Bis Montag geschlossen.\nVertretung: Praxis am Markt."
STAFF_PASSWORD = "Dreizehn blaue Gänse fliegen"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an address and a number that nobody else has."""

    email: str
    mobile: str
    password: str = PASSWORD


def somebody() -> Person:
    return Person(f"person.{secrets.token_hex(6)}@example.com", f"+49151{secrets.randbelow(10**8):08}")


async def a_practice(stage: Stage, name: str = "Praxis am Park") -> UUID:
    practice_id = uuid4()
    settings = PracticeSettings(name, name, "030 123456", "de", "DE", ABSENCE)
    async with stage.database.transaction((practice_id,)) as tx:
        await add_practice(tx, Practice(practice_id, settings, stage.clock()))
    return practice_id


async def a_patient(stage: Stage, practice_id: UUID, person: Person, born: date | None = BORN) -> UUID:
    """A record of the practice with the person's address and number."""
    store = PatientStore(stage.keys, stage.proofs.contact, stage.proofs.search)
    data = PatientData("Erika", "Beispiel", born, person.email, person.mobile, None)
    patient_id, indexes = uuid4(), store.contact_indexes(data)
    async with stage.database.transaction((practice_id,)) as tx:
        await lock_pairs(tx, practice_id, (indexes.email, indexes.pair))
        await store.add(tx, practice_id, patient_id, data, stage.clock())
        await settle(tx, practice_id, (indexes.email,), (patient_id,), stage.clock())
    return patient_id


async def state(stage: Stage, practice_id: UUID, patient_id: UUID) -> PatientState:
    async with stage.database.transaction((practice_id,)) as tx:
        found = await load_state(tx, practice_id, patient_id)
    assert found is not None
    return found


async def a_staff_member(
    stage: Stage, practice_id: UUID, email: str, role: str = "physician", password: str = STAFF_PASSWORD
) -> UUID:
    """A member who has accepted the invitation."""
    person = StaffPerson(email, "Ruth", "Beispiel")
    member = StaffMember(practice_id, uuid4(), person, role, False, None, stage.clock())
    email_index = stage.proofs.contact.email(email)
    hashed = await stage.passwords.hash("staff", email_index, password)
    async with stage.database.transaction((practice_id,)) as tx:
        await StaffStore(stage.keys, stage.proofs.contact).add(tx, member)
        await tx.execute(
            update(staff_member).where(staff_member.c.id == member.id).values(password_hash=hashed)
        )
    return member.id


async def started(stage: Stage, person: Person) -> str:
    """The secret of a new registration."""
    request = registration_pb2.StartRegistrationRequest(
        email=person.email, mobile=person.mobile, password=person.password
    )
    answer = await stage.registration.StartRegistration(request, metadata=stage.portal)
    return answer.registration


async def verify_email(stage: Stage, registration: str, code: str) -> None:
    request = registration_pb2.VerifyEmailRequest(registration=registration, code=code)
    await stage.registration.VerifyEmail(request, metadata=stage.portal)


async def verify_mobile(stage: Stage, registration: str, code: str) -> None:
    request = registration_pb2.VerifyMobileRequest(registration=registration, code=code)
    await stage.registration.VerifyMobile(request, metadata=stage.portal)


async def proven(stage: Stage, person: Person) -> str:
    """The secret of a registration whose address and number are proven."""
    registration = await started(stage, person)
    await verify_email(stage, registration, await stage.code())
    await verify_mobile(stage, registration, await stage.code())
    return registration


async def complete(
    stage: Stage, registration: str, born: date = BORN
) -> registration_pb2.CompleteRegistrationResponse:
    request = registration_pb2.CompleteRegistrationRequest(
        registration=registration, birth_date=born.isoformat()
    )
    return await stage.registration.CompleteRegistration(request, metadata=stage.portal)


async def registered(stage: Stage, person: Person) -> registration_pb2.CompleteRegistrationResponse:
    """The whole way of a registration."""
    return await complete(stage, await proven(stage, person))


async def start_login(stage: Stage, email: str, password: str) -> str:
    """The secret of a login that waits for its code."""
    request = sessions_pb2.StartLoginRequest(email=email, password=password)
    return (await stage.sessions.StartLogin(request, metadata=stage.portal)).login


async def finish_login(stage: Stage, login: str, code: str) -> sessions_pb2.FinishLoginResponse:
    request = sessions_pb2.FinishLoginRequest(login=login, code=code)
    return await stage.sessions.FinishLogin(request, metadata=stage.portal)


async def login_staff(stage: Stage, email: str, password: str) -> sessions_pb2.LoginStaffResponse:
    request = sessions_pb2.LoginStaffRequest(email=email, password=password)
    return await stage.sessions.LoginStaff(request, metadata=stage.portal)
