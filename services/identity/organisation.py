"""The practice's side of identity, put together: practices, staff, patients, service accounts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.identity.admission.corrections import Corrections
from services.identity.admission.servicer import AccessServicer
from services.identity.admission.use_cases import PatientAccess
from services.identity.foundation import Foundation
from services.identity.imports.servicer import ImportServicer
from services.identity.imports.taking import Taking
from services.identity.imports.use_cases import Imports
from services.identity.patients.reading import PatientReading
from services.identity.patients.store import PatientStore
from services.identity.patients.writing import PatientWriting
from services.identity.practices.use_cases import Practices
from services.identity.readers.answers import Answers
from services.identity.readers.effects import Effects
from services.identity.readers.moving_along import MovingAlong
from services.identity.readers.reading import ReaderReading
from services.identity.readers.representations import Representations
from services.identity.readers.servicer import ReaderServicer
from services.identity.readers.subjects import Subjects
from services.identity.readers.upkeep import Upkeep
from services.identity.service_accounts.use_cases import ServiceAccounts
from services.identity.staff.acceptance import Acceptance
from services.identity.staff.invitations import Invitations
from services.identity.staff.own_password import StaffPasswords
from services.identity.staff.password_change import PasswordChange
from services.identity.staff.store import StaffStore
from services.identity.staff.use_cases import Staff


@dataclass(frozen=True, slots=True)
class Organisation:
    """The use cases of the practice's side."""

    practices: Practices
    staff: Staff
    acceptance: Acceptance
    password_change: PasswordChange
    patient_writing: PatientWriting
    patient_reading: PatientReading
    readers: ReaderServicer
    service_accounts: ServiceAccounts
    access: AccessServicer
    imports: ImportServicer


def organisation(
    base: Foundation, *, clock: Callable[[], datetime], new_id: Callable[[], UUID]
) -> Organisation:
    """Build it all."""
    database, requests, proofs = base.database, base.requests, base.proofs
    members = StaffStore(base.keys, proofs.contact)
    invitations = Invitations(members, proofs.codes, proofs.notices, proofs.contact, new_id)
    records = PatientStore(base.keys, proofs.contact, proofs.search)
    representations = Representations(base.keys)
    answers = Answers(database, requests, Subjects(records), Effects(representations, new_id), clock)
    corrections = Corrections(proofs.contact)
    moving_along = MovingAlong(records, corrections)
    checks = StaffPasswords(database, proofs.passwords, proofs.attempts, clock)
    taking = Taking(records, proofs.contact, corrections, moving_along, new_id)
    return Organisation(
        practices=Practices(database, requests, invitations, clock, new_id),
        staff=Staff(database, requests, members, invitations, clock),
        acceptance=Acceptance(database, members, invitations, proofs.passwords, proofs.contact, clock),
        password_change=PasswordChange(database, members, checks, proofs.passwords, proofs.contact, clock),
        patient_writing=PatientWriting(database, requests, records, corrections, moving_along, clock, new_id),
        patient_reading=PatientReading(database, records, proofs.search, clock),
        readers=ReaderServicer(ReaderReading(database, representations, clock), answers, clock),
        service_accounts=ServiceAccounts(database, requests, clock, new_id),
        access=AccessServicer(PatientAccess(database, clock)),
        imports=ImportServicer(Imports(database, records, proofs.search, taking, clock)),
    )


def readers_upkeep(base: Foundation, *, clock: Callable[[], datetime], new_id: Callable[[], UUID]) -> Upkeep:
    """What the worker looks after representations with."""
    representations = Representations(base.keys)
    subjects = Subjects(PatientStore(base.keys, base.proofs.contact, base.proofs.search))
    return Upkeep(base.database, representations, subjects, Effects(representations, new_id), clock)
