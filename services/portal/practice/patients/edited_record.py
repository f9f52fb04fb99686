"""How a patient's record is changed; verified contact data only after one has read what follows from it."""

from collections.abc import Mapping, Sequence
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask
from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.patients_pb2 import (
    BatchGetPatientsRequest,
    GetPatientRequest,
    Patient,
    UpdatePatientRequest,
)
from praxispost.identity.v1.readers_pb2 import GetReadersRequest
from services.portal.notices import Notice, problem
from services.portal.people import Person
from services.portal.practice.patients.record_form import (
    CONTACT,
    FIELDS,
    changed_fields,
    data_of,
    errors_of,
    stored_hints,
    stored_in,
    typed_in,
)
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import mark

_PATH: Final = "/practice/patients/{patient_id}/edit"
_CHANGED: Final = mark(
    "Jemand hat diese Karteikarte inzwischen geändert. Ihre Angaben stehen noch hier: "
    "Bitte prüfen Sie sie und speichern Sie noch einmal."
)
_ARCHIVED: Final = mark(
    "Diese Karteikarte ist in einer anderen aufgegangen und kann nicht mehr geändert werden."
)


class EditedRecord:
    """The form with what the record says."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(_PATH, self.show),
            routing.staff(_PATH, self.save, methods=["POST"]),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """What the record says."""
        patient = await self._patient(visit, person)
        return self._page(
            visit, person, patient, stored_in(patient.data, visit.words), focus=visit.query("focus")
        )

    async def save(self, visit: Visit, person: Person) -> Response:
        """Change what was changed; back to the form where somebody thought better of it."""
        patient, typed = await self._patient(visit, person), typed_in(visit.form)
        data = data_of(typed)
        fields = changed_fields(patient.data, data)
        if visit.form.has("back"):
            return self._page(visit, person, patient, typed)
        if not fields:
            return go_to(f"/practice/patients/{patient.id}")
        if visit.form.line("version") != str(patient.version):
            return self._moved_on(visit, person, patient, typed, fields)
        if CONTACT & set(fields) and not visit.form.has("confirmed"):
            follows = await self._what_follows(person, patient)
            if patient.contact.bound or follows:
                return self._confirm(visit, person, patient, typed, fields, follows)
        request = UpdatePatientRequest(
            patient_id=patient.id, data=data, update_mask=FieldMask(paths=fields), version=patient.version
        )
        try:
            await person.ask(self._services.patients.UpdatePatient, request)
        except Refusal as refusal:
            return await self._refused(visit, person, typed, refusal)
        done = "contact" if CONTACT & set(fields) else "saved"
        return go_to(f"/practice/patients/{patient.id}?done={done}")

    async def _refused(
        self, visit: Visit, person: Person, typed: Mapping[str, str], refusal: Refusal
    ) -> Response:
        patient = await self._patient(visit, person)
        if refusal.reason == "PATIENT_CHANGED":
            fields = changed_fields(patient.data, data_of(typed))
            return self._moved_on(visit, person, patient, typed, fields)
        if refusal.reason == "PATIENT_ARCHIVED":
            notice = problem(visit.words.say(_ARCHIVED))
            return self._page(visit, person, patient, typed, notice=notice, status=409)
        errors = errors_of(visit.words, refusal)
        return self._page(visit, person, patient, typed, errors=errors, status=400)

    def _moved_on(
        self,
        visit: Visit,
        person: Person,
        patient: Patient,
        typed: Mapping[str, str],
        fields: Sequence[str],
    ) -> Response:
        hints = stored_hints(visit.words, stored_in(patient.data, visit.words), fields)
        notice = problem(visit.words.say(_CHANGED))
        return self._page(visit, person, patient, typed, hints=hints, notice=notice, status=409)

    async def _patient(self, visit: Visit, person: Person) -> Patient:
        request = GetPatientRequest(patient_id=visit.argument("patient_id"))
        return (await person.ask(self._services.patients.GetPatient, request)).patient

    async def _what_follows(self, person: Person, patient: Patient) -> Sequence[Patient]:
        """Whose records change along, since this patient reads for them."""
        readers = await person.ask(
            self._services.readers.GetReaders, GetReadersRequest(patient_id=patient.id)
        )
        if not readers.represented_ids:
            return ()
        request = BatchGetPatientsRequest(patient_ids=readers.represented_ids)
        found = (await person.ask(self._services.patients.BatchGetPatients, request)).patients
        email = patient.data.email.casefold()
        return [each for each in found if email and each.data.email.casefold() == email]

    def _confirm(
        self,
        visit: Visit,
        person: Person,
        patient: Patient,
        typed: Mapping[str, str],
        fields: Sequence[str],
        follows: Sequence[Patient],
    ) -> Response:
        return visit.page(
            "practice/patients/confirm_contact.html",
            person=person,
            patient=patient,
            typed=typed,
            stored=stored_in(patient.data, visit.words),
            fields=fields,
            all_fields=FIELDS,
            follows=follows,
        )

    def _page(
        self,
        visit: Visit,
        person: Person,
        patient: Patient,
        typed: Mapping[str, str],
        *,
        errors: Mapping[str, str] | None = None,
        hints: Mapping[str, str] | None = None,
        notice: Notice | None = None,
        focus: str = "",
        status: int = 200,
    ) -> Response:
        return visit.page(
            "practice/patients/edit.html",
            status=status,
            person=person,
            notice=notice,
            patient=patient,
            typed=typed,
            errors=errors or {},
            hints=hints or {},
            focus=focus if focus in FIELDS else "",
        )
