"""Patients' records as the contracts write them: checked on the way in, complete on the way out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from chassis.refusal import invalid
from chassis.validation import one_line
from praxispost.identity.v1 import patients_pb2
from services.identity.birth_dates import birth_date
from services.identity.contact import email_address, mobile_number
from services.identity.language import language_code, language_value
from services.identity.patients.domain import Patient, PatientData, PatientState
from services.identity.times import timestamp

_NAME: Final = 80
_EARLIEST: Final = date(1850, 1, 1)
# Where the day begins first it is 14 hours later than UTC; nobody is born after that.
_AHEAD: Final = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the meaning of a record's data depends on: the practice's region, and the time."""

    region: str
    now: datetime


def new_data(given: patients_pb2.PatientData, around: Surroundings) -> PatientData:
    """Return the data of a new record."""
    return PatientData(
        given_name=_given_name(given, around),
        family_name=_family_name(given, around),
        birth_date=_birth_date(given, around),
        email=_email(given, around),
        mobile=_mobile(given, around),
        language=_language(given, around),
    )


def changed_data(
    before: PatientData, given: patients_pb2.PatientData, fields: frozenset[str], around: Surroundings
) -> PatientData:
    """Return the record's data with those fields as given; only they are checked."""
    return replace(before, **{field: _READERS[field](given, around) for field in sorted(fields)})


def contact_message(state: PatientState) -> patients_pb2.ContactState:
    """Return what the contact data allow as the contracts write it."""
    return patients_pb2.ContactState(
        has_email=state.has_email,
        has_mobile=state.has_mobile,
        conflict=state.conflict,
        bound=state.bound,
        birth_date_locked=state.birth_date_locked,
        objected=state.objected,
        permitted=state.permitted,
        deceased=state.deceased,
        archived=state.archived,
        address_suspect=state.address_suspect,
    )


def patient_message(patient: Patient) -> patients_pb2.Patient:
    """Return the record as the contracts write it."""
    data = patient.data
    return patients_pb2.Patient(
        id=str(patient.state.id),
        data=patients_pb2.PatientData(
            given_name=data.given_name,
            family_name=data.family_name,
            birth_date=data.birth_date.isoformat() if data.birth_date else "",
            email=data.email or "",
            mobile=data.mobile or "",
            language=language_value(data.language),
        ),
        contact=contact_message(patient.state),
        version=patient.state.version,
        created_at=timestamp(patient.created_at),
    )


def _given_name(given: patients_pb2.PatientData, _: Surroundings) -> str:
    return one_line("data.given_name", given.given_name.strip(), maximum=_NAME)


def _family_name(given: patients_pb2.PatientData, _: Surroundings) -> str:
    return one_line("data.family_name", given.family_name.strip(), maximum=_NAME)


def _birth_date(given: patients_pb2.PatientData, around: Surroundings) -> date | None:
    if not given.birth_date:
        return None
    born = birth_date("data.birth_date", given.birth_date)
    if not _EARLIEST <= born <= (around.now + _AHEAD).date():
        raise invalid("data.birth_date", "must be a day on which a patient can be born")
    return born


def _email(given: patients_pb2.PatientData, _: Surroundings) -> str | None:
    return email_address("data.email", given.email) if given.email.strip() else None


def _mobile(given: patients_pb2.PatientData, around: Surroundings) -> str | None:
    return mobile_number("data.mobile", given.mobile, around.region) if given.mobile.strip() else None


def _language(given: patients_pb2.PatientData, _: Surroundings) -> str | None:
    return language_code("data.language", given.language)


_READERS: Final[Mapping[str, Callable[[patients_pb2.PatientData, Surroundings], Any]]] = {
    "given_name": _given_name,
    "family_name": _family_name,
    "birth_date": _birth_date,
    "email": _email,
    "mobile": _mobile,
    "language": _language,
}
