"""Reads what identity knows of a patient, in one go."""

import asyncio
from collections.abc import Iterable

from praxispost.identity.v1.access_pb2 import GetAccessRequest
from praxispost.identity.v1.imports_pb2 import GetImportDifferenceRequest
from praxispost.identity.v1.patients_pb2 import BatchGetPatientsRequest, GetPatientRequest, Patient
from praxispost.identity.v1.readers_pb2 import GetReadersRequest, GetReadersResponse
from services.portal.people import Person
from services.portal.practice.patients.concerns import Overview
from services.portal.services import Services


class Overviews:
    """Asks identity."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def of(self, person: Person, patient_id: str) -> Overview:
        """All of one patient."""
        patient, access, readers, difference = await asyncio.gather(
            person.ask(self._services.patients.GetPatient, GetPatientRequest(patient_id=patient_id)),
            person.ask(self._services.access.GetAccess, GetAccessRequest(patient_id=patient_id)),
            person.ask(self._services.readers.GetReaders, GetReadersRequest(patient_id=patient_id)),
            person.ask(
                self._services.imports.GetImportDifference, GetImportDifferenceRequest(patient_id=patient_id)
            ),
        )
        return Overview(patient.patient, access, readers, difference)

    async def concerned(self, person: Person, readers: GetReadersResponse) -> dict[str, Patient]:
        """The other records that it is about: who reads, for whom is read, who has the same contact data."""
        return await self.records(person, concerned_ids(readers))

    async def records(self, person: Person, ids: Iterable[str]) -> dict[str, Patient]:
        """Records by their ids; those that are gone are missing."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return {}
        request = BatchGetPatientsRequest(patient_ids=wanted)
        answer = await person.ask(self._services.patients.BatchGetPatients, request)
        return {each.id: each for each in answer.patients}


def concerned_ids(readers: GetReadersResponse) -> list[str]:
    """The ids of these records; at most so many as one call takes."""
    ids = [*readers.represented_ids, *readers.question.shared_with]
    if readers.HasField("representation"):
        ids.append(readers.representation.representative_id)
    if readers.merged_into_id:
        ids.append(readers.merged_into_id)
    return ids[:200]
