"""Whether a patient can be written to, as far as the flags say."""

from dataclasses import dataclass
from uuid import UUID

from chassis.refusal import Refusal
from services.messaging import refusals
from services.messaging.receipts.facts import Contact


@dataclass(frozen=True, slots=True)
class PatientState:
    """What identity says of a patient's record; a higher version is newer."""

    practice_id: UUID
    patient_id: UUID
    version: int
    contact_version: int
    has_email: bool
    has_mobile: bool
    conflict: bool
    bound: bool
    objected: bool = False
    deceased: bool = False
    archived: bool = False

    @property
    def contact(self) -> Contact:
        """What receipts need of it."""
        return Contact(self.contact_version, reachable=self.has_email and self.has_mobile)


def why_not(state: PatientState) -> Refusal | None:
    """Why nothing can be sent to this patient; None where it can. What staff cannot mend is named first."""
    if state.deceased:
        return refusals.patient_deceased()
    if state.archived:
        return refusals.patient_archived()
    if state.objected:
        return refusals.patient_objected()
    present = {"email": state.has_email, "mobile": state.has_mobile}
    missing = [name for name, there in present.items() if not there]
    if missing:
        return refusals.contact_missing(missing)
    return refusals.contact_conflict() if state.conflict else None
