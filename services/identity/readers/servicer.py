"""ReaderService: from the contract to the use cases and back."""

from collections.abc import Callable
from datetime import datetime

from chassis.paging import Position, read_position, split_page
from chassis.rpc_context import caller
from chassis.validation import page_size, required_uuid
from praxispost.identity.v1 import readers_pb2, readers_pb2_grpc
from services.identity.readers.answers import Answers
from services.identity.readers.reading import ReaderReading
from services.identity.readers.translation import answer_of, question_message, readers_message


class ReaderServicer(readers_pb2_grpc.ReaderServiceServicer):
    """Answers for who reads."""

    def __init__(self, reading: ReaderReading, answers: Answers, clock: Callable[[], datetime]) -> None:
        self._reading = reading
        self._answers = answers
        self._clock = clock

    async def GetReaders(
        self, request: readers_pb2.GetReadersRequest, context: object
    ) -> readers_pb2.GetReadersResponse:
        readers = await self._reading.get(caller(), required_uuid("patient_id", request.patient_id))
        return readers_message(readers)

    async def ListReaderQuestions(
        self, request: readers_pb2.ListReaderQuestionsRequest, context: object
    ) -> readers_pb2.ListReaderQuestionsResponse:
        size = page_size(request.page_size)
        found = await self._reading.questions(caller(), read_position(request.page_token), size + 1)
        page, last = split_page(found, size)
        return readers_pb2.ListReaderQuestionsResponse(
            questions=[question_message(each) for each in page],
            next_page_token=Position(last.opened_at, last.id).token() if last else "",
        )

    async def AnswerReaderQuestion(
        self, request: readers_pb2.AnswerReaderQuestionRequest, context: object
    ) -> readers_pb2.AnswerReaderQuestionResponse:
        request_id = required_uuid("request_id", request.request_id)
        patient_id = required_uuid("patient_id", request.patient_id)
        answer = answer_of(request, self._clock().date())
        return await self._answers.answer(caller(), request_id, request, patient_id, answer)

    async def EndRepresentation(
        self, request: readers_pb2.EndRepresentationRequest, context: object
    ) -> readers_pb2.EndRepresentationResponse:
        request_id = required_uuid("request_id", request.request_id)
        patient_id = required_uuid("patient_id", request.patient_id)
        return await self._answers.end(caller(), request_id, request, patient_id)
