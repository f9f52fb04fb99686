"""What staff say to the question who reads, and what they see of it."""

from uuid import UUID

from praxispost.identity.v1 import readers_pb2, readers_pb2_grpc
from tests.integration.identity.organisation.house import House, request_id

CUSTODY = readers_pb2.REPRESENTATION_BASIS_CUSTODY
AUTHORISATION = readers_pb2.REPRESENTATION_BASIS_AUTHORISATION


def stub(house: House) -> "readers_pb2_grpc.ReaderServiceAsyncStub":
    return readers_pb2_grpc.ReaderServiceStub(house.channel)


async def readers(house: House, practice_id: UUID, patient_id: str) -> readers_pb2.GetReadersResponse:
    request = readers_pb2.GetReadersRequest(patient_id=patient_id)
    return await stub(house).GetReaders(request, metadata=house.caller("assistant", practice_id))


async def asked(house: House, practice_id: UUID) -> dict[str, set[str]]:
    """Of whom it is asked who reads, and with whom each shares the address."""
    request = readers_pb2.ListReaderQuestionsRequest()
    who = house.caller("physician", practice_id)
    questions = (await stub(house).ListReaderQuestions(request, metadata=who)).questions
    return {each.patient_id: set(each.shared_with) for each in questions}


async def answer(house: House, practice_id: UUID, request: readers_pb2.AnswerReaderQuestionRequest) -> bool:
    """Answer as an assistant; says whether the question is open still."""
    if not request.request_id:
        request.request_id = request_id()
    who = house.caller("assistant", practice_id)
    return (await stub(house).AnswerReaderQuestion(request, metadata=who)).open


async def represented(
    house: House,
    practice_id: UUID,
    patient_id: str,
    representative_id: str,
    *,
    basis: "readers_pb2.RepresentationBasis.ValueType" = AUTHORISATION,
    ends_on: str = "",
    asked_about: str = "",
) -> bool:
    """Answer that one reads for the other; the question is about the represented unless said otherwise."""
    said = readers_pb2.Represented(
        represented_patient_id=patient_id,
        representative_id=representative_id,
        basis=basis,
        basis_note="Vollmacht vom 3. März, Kopie in der Akte",
        ends_on=ends_on,
    )
    request = readers_pb2.AnswerReaderQuestionRequest(patient_id=asked_about or patient_id, represented=said)
    return await answer(house, practice_id, request)


async def same_person(house: House, practice_id: UUID, patient_id: str, other: str, archived: str) -> bool:
    """Answer that two records are of one person."""
    said = readers_pb2.SamePerson(other_patient_id=other, archived_patient_id=archived)
    request = readers_pb2.AnswerReaderQuestionRequest(patient_id=patient_id, same_person=said)
    return await answer(house, practice_id, request)


async def own_contact(house: House, practice_id: UUID, patient_id: str) -> bool:
    """Answer that everybody reads for themselves."""
    said = readers_pb2.OwnContact()
    request = readers_pb2.AnswerReaderQuestionRequest(patient_id=patient_id, own_contact=said)
    return await answer(house, practice_id, request)


async def end_representation(house: House, practice_id: UUID, patient_id: str) -> bool:
    """End it; says whether it is asked again who reads."""
    request = readers_pb2.EndRepresentationRequest(request_id=request_id(), patient_id=patient_id)
    who = house.caller("assistant", practice_id)
    return (await stub(house).EndRepresentation(request, metadata=who)).open
