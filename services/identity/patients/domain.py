"""What a patient's record is, what its contact data allow, and what a change of it means."""

from collections.abc import Iterable
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


@dataclass(frozen=True, slots=True)
class PairHolder:
    """A record that holds a pair, and whether it is marked as one of several."""

    id: UUID
    pair_index: bytes
    conflict: bool


def check_version(state: PatientState, read: int) -> None:
    """Refuses a change by someone who read an older version; 0 stands for any."""
    if read not in (0, state.version):
        raise refusals.patient_changed()


def wrongly_marked(holders: Iterable[PairHolder]) -> frozenset[UUID]:
    """Of all records of a practice with certain pairs: those whose mark of conflict is not right any more."""
    held = tuple(holders)
    pairs = [holder.pair_index for holder in held]
    return frozenset(holder.id for holder in held if holder.conflict != (pairs.count(holder.pair_index) > 1))


def missing_contact(data: PatientData) -> tuple[str, ...]:
    """The names of the contact fields that a prompt needs and the record lacks."""
    return tuple(name for name, value in (("email", data.email), ("mobile", data.mobile)) if value is None)
