"""Asks identity what a patient's contact data allow."""

from typing import Protocol
from uuid import UUID

import grpc

from chassis.grpc_client import AioRpcError, as_unavailable, is_passing, refusal_of
from praxispost.identity.v1 import patients_pb2, patients_pb2_grpc
from services.messaging.patients.domain import PatientState


class PatientDirectory(Protocol):
    """Who knows the patients."""

    async def state(self, practice_id: UUID, patient_id: UUID) -> PatientState | None:
        """The newest state, None where the practice has no such patient; refuses DEPENDENCY_UNAVAILABLE."""


class Identity:
    """The directory that identity's PatientService is."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._patients = patients_pb2_grpc.PatientServiceStub(channel)

    async def state(self, practice_id: UUID, patient_id: UUID) -> PatientState | None:
        """The newest state, None where the practice has no such patient; refuses DEPENDENCY_UNAVAILABLE."""
        request = patients_pb2.GetPatientStateRequest(
            practice_id=str(practice_id), patient_id=str(patient_id)
        )
        try:
            response = await self._patients.GetPatientState(request)
        except AioRpcError as error:
            refusal = refusal_of(error)
            if refusal is not None and refusal.reason == "PATIENT_NOT_FOUND":
                return None
            if is_passing(error):
                raise as_unavailable(error, "identity") from error
            raise
        return PatientState(
            practice_id=practice_id,
            patient_id=patient_id,
            version=response.version,
            contact_version=response.contact_version,
            has_email=response.contact.has_email,
            has_mobile=response.contact.has_mobile,
            conflict=response.contact.conflict,
            bound=response.contact.bound,
            objected=response.contact.objected,
            deceased=response.contact.deceased,
            archived=response.contact.archived,
        )
