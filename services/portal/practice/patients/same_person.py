"""Two records of one person become one, after one has seen both and read what happens."""

import asyncio
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.patients_pb2 import GetPatientRequest, Patient
from praxispost.identity.v1.readers_pb2 import AnswerReaderQuestionRequest, SamePerson
from services.portal.notices import Notice, problem
from services.portal.people import Person
from services.portal.practice.patients.reader_answers import REFUSED
from services.portal.practice.patients.standing import pills
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to

_PATH: Final = "/practice/patients/{patient_id}/same/{other_id}"


class SameRecords:
    """The comparison and the merging."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services
        self._new_id = tools.new_id

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(_PATH, self.show),
            routing.staff(_PATH, self.merge, methods=["POST"]),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """Both records side by side."""
        return await self._page(visit, person, None)

    async def merge(self, visit: Visit, person: Person) -> Response:
        """Archive the one that does not stay."""
        patient_id, other_id = visit.argument("patient_id"), visit.argument("other_id")
        kept = visit.form.line("kept")
        if kept not in (patient_id, other_id):
            text = visit.words.say("Bitte wählen Sie, welche Karteikarte bleibt.")
            return await self._page(visit, person, problem(text))
        archived = other_id if kept == patient_id else patient_id
        request = AnswerReaderQuestionRequest(
            request_id=visit.form.line("request_id"),
            patient_id=patient_id,
            same_person=SamePerson(other_patient_id=other_id, archived_patient_id=archived),
        )
        try:
            await person.ask(self._services.readers.AnswerReaderQuestion, request)
        except Refusal as refusal:
            text = REFUSED.get(refusal.reason, "")
            if not text:
                raise
            return await self._page(visit, person, problem(visit.words.say(text)))
        return go_to(f"/practice/patients/{kept}?done=merged")

    async def _page(self, visit: Visit, person: Person, notice: Notice | None) -> Response:
        patient, other = await asyncio.gather(
            self._record(person, visit.argument("patient_id")),
            self._record(person, visit.argument("other_id")),
        )
        return visit.page(
            "practice/patients/same.html",
            status=409 if notice is not None else 200,
            person=person,
            notice=notice,
            patient=patient,
            records=(patient, other),
            pills=pills,
            kept=visit.form.line("kept") or _likely(patient, other).id,
            request_id=visit.form.line("request_id") or str(self._new_id()),
        )

    async def _record(self, person: Person, patient_id: str) -> Patient:
        request = GetPatientRequest(patient_id=patient_id)
        return (await person.ask(self._services.patients.GetPatient, request)).patient


def _likely(patient: Patient, other: Patient) -> Patient:
    """The record to keep, unless one chooses otherwise: the one with an account, else the older one."""
    if patient.contact.bound != other.contact.bound:
        return patient if patient.contact.bound else other
    return min(patient, other, key=lambda each: each.created_at.ToNanoseconds())
