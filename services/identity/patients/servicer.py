"""PatientService: from the contract to the use cases and back."""

from collections.abc import Sequence
from typing import Final

from chassis.paging import Position, read_position
from chassis.refusal import invalid
from chassis.rpc_context import caller
from chassis.validation import distinct_uuids, one_line, page_size, required_uuid
from praxispost.identity.v1 import patients_pb2, patients_pb2_grpc
from services.identity.field_masks import masked_fields
from services.identity.language import language_value
from services.identity.patients.domain import Patient
from services.identity.patients.reading import PatientReading, PromptContact
from services.identity.patients.search import parsed_query
from services.identity.patients.translation import contact_message, patient_message
from services.identity.patients.writing import Change, PatientWriting

_MOST_IN_A_BATCH: Final = 200
_MOST_RESOLVED: Final = 100
_QUERY: Final = 200
_USUAL_FOUND: Final = 20
_MOST_FOUND: Final = 50


class PatientServicer(patients_pb2_grpc.PatientServiceServicer):
    """Answers for patients."""

    def __init__(self, writing: PatientWriting, reading: PatientReading) -> None:
        self._writing = writing
        self._reading = reading

    async def CreatePatient(
        self, request: patients_pb2.CreatePatientRequest, context: object
    ) -> patients_pb2.CreatePatientResponse:
        request_id = required_uuid("request_id", request.request_id)
        return await self._writing.create(caller(), request_id, request)

    async def UpdatePatient(
        self, request: patients_pb2.UpdatePatientRequest, context: object
    ) -> patients_pb2.UpdatePatientResponse:
        if request.version < 0:
            raise invalid("version", "must not be negative")
        change = Change(
            patient_id=required_uuid("patient_id", request.patient_id),
            data=request.data,
            fields=masked_fields(request.update_mask, patients_pb2.PatientData.DESCRIPTOR),
            version=request.version,
        )
        changed = await self._writing.update(caller(), change)
        return patients_pb2.UpdatePatientResponse(patient=patient_message(changed))

    async def GetPatient(
        self, request: patients_pb2.GetPatientRequest, context: object
    ) -> patients_pb2.GetPatientResponse:
        found = await self._reading.get(caller(), required_uuid("patient_id", request.patient_id))
        return patients_pb2.GetPatientResponse(patient=patient_message(found))

    async def BatchGetPatients(
        self, request: patients_pb2.BatchGetPatientsRequest, context: object
    ) -> patients_pb2.BatchGetPatientsResponse:
        ids = distinct_uuids("patient_ids", request.patient_ids, maximum=_MOST_IN_A_BATCH)
        found = await self._reading.batch(caller(), ids)
        return patients_pb2.BatchGetPatientsResponse(patients=[patient_message(each) for each in found])

    async def ListPatients(
        self, request: patients_pb2.ListPatientsRequest, context: object
    ) -> patients_pb2.ListPatientsResponse:
        size = page_size(request.page_size)
        page, last = await self._reading.page(caller(), read_position(request.page_token), size)
        return patients_pb2.ListPatientsResponse(patients=_messages(page), next_page_token=_token(last))

    async def SearchPatients(
        self, request: patients_pb2.SearchPatientsRequest, context: object
    ) -> patients_pb2.SearchPatientsResponse:
        query = parsed_query("query", one_line("query", request.query, maximum=_QUERY))
        size = page_size(request.page_size, usual=_USUAL_FOUND, maximum=_MOST_FOUND)
        page, last = await self._reading.search(caller(), query, read_position(request.page_token), size)
        return patients_pb2.SearchPatientsResponse(patients=_messages(page), next_page_token=_token(last))

    async def GetPatientState(
        self, request: patients_pb2.GetPatientStateRequest, context: object
    ) -> patients_pb2.GetPatientStateResponse:
        practice_id = required_uuid("practice_id", request.practice_id)
        patient_id = required_uuid("patient_id", request.patient_id)
        state = await self._reading.state(practice_id, patient_id)
        return patients_pb2.GetPatientStateResponse(
            version=state.version, contact_version=state.contact_version, contact=contact_message(state)
        )

    async def ResolveContact(
        self, request: patients_pb2.ResolveContactRequest, context: object
    ) -> patients_pb2.ResolveContactResponse:
        practice_id = required_uuid("practice_id", request.practice_id)
        patient_id = required_uuid("patient_id", request.patient_id)
        return _prompt_contact(await self._reading.prompt_contact(caller(), practice_id, patient_id))

    async def ResolveContacts(
        self, request: patients_pb2.ResolveContactsRequest, context: object
    ) -> patients_pb2.ResolveContactsResponse:
        records = {
            (required_uuid("records", each.practice_id), required_uuid("records", each.patient_id))
            for each in request.records
        }
        if not 1 <= len(request.records) <= _MOST_RESOLVED or len(records) < len(request.records):
            raise invalid("records", f"must be 1 to {_MOST_RESOLVED} different records")
        found = await self._reading.prompt_contacts(caller(), records)
        contacts = [
            patients_pb2.ResolvedContact(
                practice_id=str(practice_id), patient_id=str(patient_id), contact=_prompt_contact(each)
            )
            for (practice_id, patient_id), each in found.items()
        ]
        return patients_pb2.ResolveContactsResponse(contacts=contacts)


def _prompt_contact(contact: PromptContact) -> patients_pb2.ResolveContactResponse:
    return patients_pb2.ResolveContactResponse(
        email=contact.email,
        contact_version=contact.contact_version,
        language=language_value(contact.language),
        prompt_name=contact.practice.prompt_name,
        phone=contact.practice.phone,
    )


def _messages(patients: Sequence[Patient]) -> list[patients_pb2.Patient]:
    return [patient_message(each) for each in patients]


def _token(last: Patient | None) -> str:
    return Position(last.created_at, last.state.id).token() if last else ""
