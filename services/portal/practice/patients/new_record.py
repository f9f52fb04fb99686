"""A new patient's record, and the question whether the practice has this person already."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.patients_pb2 import (
    CreatePatientRequest,
    Patient,
    PatientData,
    SearchPatientsRequest,
)
from services.portal.notices import Notice, problem
from services.portal.people import Person
from services.portal.practice.patients.record_form import FIELDS, data_of, errors_of, typed_in
from services.portal.practice.patients.searching import searchable
from services.portal.practice.patients.standing import pills
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to

_PATH: Final = "/practice/patients/new"


class NewRecord:
    """The empty form and what becomes of it."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services
        self._new_id = tools.new_id

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(_PATH, self.show),
            routing.staff(_PATH, self.create, methods=["POST"]),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """The empty form."""
        return self._page(visit, person, dict.fromkeys(FIELDS, ""), request_id=str(self._new_id()))

    async def create(self, visit: Visit, person: Person) -> Response:
        """Make the record, unless the practice seems to have this person and nobody has said otherwise."""
        typed, request_id = typed_in(visit.form), visit.form.line("request_id")
        data = data_of(typed)
        if not visit.form.has("anyway") and (alike := await self._alike(person, data)):
            return self._page(visit, person, typed, request_id=request_id, alike=alike)
        request = CreatePatientRequest(request_id=request_id, data=data)
        try:
            made = await person.ask(self._services.patients.CreatePatient, request)
        except Refusal as refusal:
            return self._refused(visit, person, typed, refusal)
        return go_to(f"/practice/patients/{made.patient_id}?done=created")

    def _refused(self, visit: Visit, person: Person, typed: Mapping[str, str], refusal: Refusal) -> Response:
        request_id = visit.form.line("request_id")
        if refusal.reason == "REQUEST_ID_REUSED":
            text = visit.words.say(
                "Mit diesem Formular wurde schon jemand angelegt. "
                "Wenn das jemand anderes ist, legen Sie noch einmal an."
            )
            return self._page(
                visit, person, typed, request_id=str(self._new_id()), notice=problem(text), status=409
            )
        errors = errors_of(visit.words, refusal)
        return self._page(visit, person, typed, request_id=request_id, errors=errors, status=400)

    async def _alike(self, person: Person, data: PatientData) -> Sequence[Patient]:
        """Who has the same name and birth date."""
        query = searchable(f"{data.given_name} {data.family_name} {data.birth_date}")
        if not data.birth_date or data.birth_date not in query:
            return ()
        try:
            found = await person.ask(
                self._services.patients.SearchPatients, SearchPatientsRequest(query=query, page_size=5)
            )
        except Refusal as refusal:
            if refusal.reason != "INVALID_FIELD":
                raise
            return ()
        return [each for each in found.patients if not each.contact.archived]

    def _page(
        self,
        visit: Visit,
        person: Person,
        typed: Mapping[str, str],
        *,
        request_id: str,
        errors: Mapping[str, str] | None = None,
        alike: Sequence[Patient] = (),
        notice: Notice | None = None,
        status: int = 200,
    ) -> Response:
        return visit.page(
            "practice/patients/new.html",
            status=status,
            person=person,
            notice=notice,
            typed=typed,
            errors=errors or {},
            hints={},
            focus="",
            alike=alike,
            pills=pills,
            request_id=request_id,
        )
