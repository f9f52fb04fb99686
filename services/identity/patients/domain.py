"""What a patient's record is, what its contact data allow, and what a change of it means."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from services.identity import refusals

BIRTH_DATE_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class PatientData:
    """What staff keep of a patient; address and number in the forms that `contact` gives them."""

    given_name: str
    family_name: str
    birth_date: date | None
    email: str | None
    mobile: str | None
    language: str | None

    @property
    def contact(self) -> tuple[str | None, str | None]:
        """E-mail address and mobile number."""
        return self.email, self.mobile


@dataclass(frozen=True, slots=True)
class ContactIndexes:
    """What others with the same address, or the same pair, are found by; None where there is none."""

    email: bytes | None
    pair: bytes | None


@dataclass(frozen=True, slots=True)
class PatientState:
    """What others may know of a record: versions and flags."""

    practice_id: UUID
    id: UUID
    version: int
    contact_version: int
    has_email: bool
    has_mobile: bool
    conflict: bool
    bound: bool
    birth_date_tries: int
    objected: bool
    deceased: bool
    archived: bool
    address_suspect: bool
    permitted: bool

    @property
    def birth_date_locked(self) -> bool:
        """The birth date was given wrongly too often: staff release it by giving it anew."""
        return self.birth_date_tries >= BIRTH_DATE_TRIES


@dataclass(frozen=True, slots=True)
class Patient:
    """A practice's record of a person."""

    data: PatientData
    state: PatientState
    created_at: datetime


def check_version(state: PatientState, read: int) -> None:
    """Refuses a change by someone who read an older version; 0 stands for any."""
    if read not in (0, state.version):
        raise refusals.patient_changed()


def check_not_archived(state: PatientState) -> None:
    """Refuses a change of a record that was merged into another one."""
    if state.archived:
        raise refusals.patient_archived()


def missing_contact(data: PatientData) -> tuple[str, ...]:
    """The names of the contact fields that a prompt needs and the record lacks."""
    return tuple(name for name, value in (("email", data.email), ("mobile", data.mobile)) if value is None)
