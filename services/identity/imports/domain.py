"""What becomes of a row of an import, judged by the record that exists, if one does."""

from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from services.identity.patients.domain import Patient, PatientData

Outcome: TypeAlias = Literal["created", "updated", "unchanged", "differs", "rejected"]

MOST_ROWS: Final = 100_000
MOST_IN_A_PART: Final = 500


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a row was not taken; never what it said."""

    field: str
    description: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an existing record will say, and the contact data that it will not take over."""

    outcome: Outcome
    data: PatientData
    refused_contact: tuple[str | None, str | None] | None


def judge_row(before: Patient, imported: PatientData, *, verified: bool) -> Verdict:
    """Take over what the import says; contact data only where no person has verified others.

    `verified`: an account is bound to the record, or to that of a representative with the same pair, or was
    until staff changed the contact data. A record that was merged into another takes nothing.
    """
    if before.state.archived:
        return Verdict("unchanged", before.data, None)
    keeps = verified and imported.contact != before.data.contact
    data = replace(imported, email=before.data.email, mobile=before.data.mobile) if keeps else imported
    if keeps:
        return Verdict("differs", data, imported.contact)
    return Verdict("unchanged" if data == before.data else "updated", data, None)
