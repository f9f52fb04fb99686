"""Whom to write to: found by the beginnings of names and the birth date, by key, touch or without script."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.patients_pb2 import Patient, SearchPatientsRequest
from services.portal.people import Person
from services.portal.practice.names import PatientName, patient_name
from services.portal.practice.patients.searching import searchable
from services.portal.practice.patients.standing import Pill, can_be_written_to, pills
from services.portal.practice.writing.sheets import Sheets
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit
from services.portal.words import mark

_MOST: Final = 12
_UNCLEAR: Final = mark(
    "Bitte geben Sie mindestens zwei Buchstaben eines Namens oder ein Geburtsdatum ein, etwa 12.08.1964."
)


@dataclass(frozen=True, slots=True)
class _Found:
    who: PatientName
    pills: list[Pill]


class Recipients:
    """The search, and on to the sheet."""

    def __init__(self, tools: Tools, sheets: Sheets) -> None:
        self._services = tools.services
        self._sheets = sheets

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths. What is searched for is sent in a form's body, so that it stands in no address."""
        return [
            routing.staff("/practice/new", self.show),
            routing.staff("/practice/new", self.search, methods=["POST"]),
            routing.staff("/practice/new/patients", self.suggest, methods=["POST"]),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """The search; where the patient is named already, the sheet."""
        patient_id = visit.query("patient")
        if patient_id:
            return await self._sheets.new(visit, person, patient_id)
        return visit.page(
            "practice/writing/choose.html", person=person, query="", found=None, more=False, problem=""
        )

    async def search(self, visit: Visit, person: Person) -> Response:
        """The search without script."""
        return visit.page(
            "practice/writing/choose.html", status=200, person=person, **await self._results(visit, person)
        )

    async def suggest(self, visit: Visit, person: Person) -> Response:
        """What fits what is typed so far, to choose from."""
        return visit.page(
            "practice/writing/suggestions.html", status=200, **await self._results(visit, person)
        )

    async def _results(self, visit: Visit, person: Person) -> dict[str, object]:
        query = visit.form.line("query")
        request = SearchPatientsRequest(query=searchable(query), page_size=_MOST)
        try:
            answer = await person.ask(self._services.patients.SearchPatients, request)
        except Refusal as refusal:
            if refusal.reason != "INVALID_FIELD":
                raise
            return {"query": query, "found": None, "more": False, "problem": visit.words.say(_UNCLEAR)}
        found = [_Found(patient_name(each, visit.words), _missing(each)) for each in answer.patients]
        return {"query": query, "found": found, "more": bool(answer.next_page_token), "problem": ""}


def _missing(patient: Patient) -> list[Pill]:
    """What is to be known before one writes; where nothing is missing, the name stands alone."""
    contact = patient.contact
    return [] if can_be_written_to(contact) and not contact.address_suspect else pills(contact)
