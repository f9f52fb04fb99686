"""What an import said instead of verified contact data: staff keep the verified ones, or take the others."""

import asyncio
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from praxispost.identity.v1.imports_pb2 import GetImportDifferenceRequest, KeepContactRequest
from praxispost.identity.v1.patients_pb2 import GetPatientRequest
from services.portal.people import Person
from services.portal.practice.patients.record_form import FIELDS, stored_in
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to

_PATH: Final = "/practice/patients/{patient_id}/import"


class ImportDifference:
    """The comparison."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(_PATH, self.show),
            routing.staff(_PATH, self.keep, methods=["POST"]),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """Both, side by side; to take the imported ones goes the way of every change of a record."""
        patient_id = visit.argument("patient_id")
        found, difference = await asyncio.gather(
            person.ask(self._services.patients.GetPatient, GetPatientRequest(patient_id=patient_id)),
            person.ask(
                self._services.imports.GetImportDifference, GetImportDifferenceRequest(patient_id=patient_id)
            ),
        )
        stored = stored_in(found.patient.data, visit.words)
        imported = {
            "email": difference.email or stored["email"],
            "mobile": difference.mobile or stored["mobile"],
        }
        return visit.page(
            "practice/patients/import.html",
            person=person,
            patient=found.patient,
            difference=difference,
            stored=stored,
            imported=stored | imported,
            all_fields=FIELDS,
        )

    async def keep(self, visit: Visit, person: Person) -> Response:
        """The verified ones stay."""
        patient_id = visit.argument("patient_id")
        await person.ask(self._services.imports.KeepContact, KeepContactRequest(patient_id=patient_id))
        return go_to(f"/practice/patients/{patient_id}?done=kept")
