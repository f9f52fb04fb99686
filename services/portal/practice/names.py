"""Who is who on a page of the practice: the names of patients and staff, each with one call per page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from praxispost.identity.v1.patients_pb2 import BatchGetPatientsRequest, Patient
from praxispost.identity.v1.staff_pb2 import ListStaffMembersRequest, StaffMember, StaffState
from praxispost.messaging.v1.messaging_pb2 import AuthorKind, MessageSummary
from services.portal.people import Person
from services.portal.services import Services
from services.portal.words import Words

_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class PatientName:
    """A patient as lists and headings name them; `born` is the birth date as people write it, or empty."""

    id: str
    given_name: str
    family_name: str
    born: str

    @property
    def name(self) -> str:
        """As one speaks: "Erika Mustermann"."""
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def listed(self) -> str:
        """As one looks up: "Mustermann, Erika"."""
        return f"{self.family_name}, {self.given_name}" if self.given_name else self.family_name


@dataclass(frozen=True, slots=True)
class Colleagues:
    """The staff of the practice, those too who may not log in any more."""

    members: Mapping[str, StaffMember]
    words: Words

    def name(self, staff_id: str) -> str:
        """Somebody's name."""
        member = self.members.get(staff_id)
        return full_name(member) if member is not None else self.words.say("jemand, der nicht mehr hier ist")

    def author(self, message: MessageSummary) -> str:
        """Who of the practice wrote a message; empty for one of the patient's side."""
        if message.author_kind == AuthorKind.AUTHOR_KIND_STAFF_MEMBER:
            return self.name(message.author_id)
        if message.author_kind == AuthorKind.AUTHOR_KIND_SERVICE_ACCOUNT:
            return self.words.say("Praxisprogramm")
        return ""

    @property
    def at_work(self) -> list[StaffMember]:
        """Those who can log in, by name."""
        active = [each for each in self.members.values() if each.state == StaffState.STAFF_STATE_ACTIVE]
        return sorted(active, key=lambda each: (each.family_name.casefold(), each.given_name.casefold()))


class Names:
    """Asks identity for them."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def patients(self, person: Person, words: Words, ids: Iterable[str]) -> dict[str, PatientName]:
        """The names of all these patients; one whose record is gone is said to be gone."""
        wanted = list(dict.fromkeys(each for each in ids if each))
        gone = words.say("Gelöschte Karteikarte")
        found = {each: PatientName(each, "", gone, "") for each in wanted}
        for start in range(0, len(wanted), _MOST):
            request = BatchGetPatientsRequest(patient_ids=wanted[start : start + _MOST])
            answer = await person.ask(self._services.patients.BatchGetPatients, request)
            found |= {each.id: patient_name(each, words) for each in answer.patients}
        return found

    async def colleagues(self, person: Person, words: Words) -> Colleagues:
        """All staff."""
        members: dict[str, StaffMember] = {}
        request = ListStaffMembersRequest(page_size=_MOST)
        while True:
            answer = await person.ask(self._services.staff.ListStaffMembers, request)
            members |= {each.id: each for each in answer.staff_members}
            if not answer.next_page_token:
                return Colleagues(members, words)
            request.page_token = answer.next_page_token


def patient_name(patient: Patient, words: Words) -> PatientName:
    """The name of a record that was read already."""
    data = patient.data
    return PatientName(patient.id, data.given_name, data.family_name, words.day(data.birth_date))


def full_name(member: StaffMember) -> str:
    """A staff member's name as one speaks."""
    return f"{member.given_name} {member.family_name}"
