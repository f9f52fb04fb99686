"""PracticeService: from the contract to the use cases and back."""

from chassis.paging import Position, read_position, split_page
from chassis.rpc_context import caller
from chassis.validation import optional_uuid, page_size, required_uuid
from praxispost.identity.v1 import practices_pb2, practices_pb2_grpc
from services.identity.field_masks import masked_fields
from services.identity.practices.translation import changed_settings, new_settings, practice_message
from services.identity.practices.use_cases import Practices
from services.identity.staff.translation import person


class PracticeServicer(practices_pb2_grpc.PracticeServiceServicer):
    """Answers for practices."""

    def __init__(self, practices: Practices) -> None:
        self._practices = practices

    async def CreatePractice(
        self, request: practices_pb2.CreatePracticeRequest, context: object
    ) -> practices_pb2.CreatePracticeResponse:
        request_id = required_uuid("request_id", request.request_id)
        settings = new_settings(request.settings)
        first_admin = person("first_admin.", request.first_admin)
        return await self._practices.create(caller(), request_id, request, settings, first_admin)

    async def GetPractice(
        self, request: practices_pb2.GetPracticeRequest, context: object
    ) -> practices_pb2.GetPracticeResponse:
        found = await self._practices.get(caller(), optional_uuid("practice_id", request.practice_id))
        return practices_pb2.GetPracticeResponse(practice=practice_message(found))

    async def UpdatePractice(
        self, request: practices_pb2.UpdatePracticeRequest, context: object
    ) -> practices_pb2.UpdatePracticeResponse:
        fields = masked_fields(request.update_mask, practices_pb2.PracticeSettings.DESCRIPTOR)
        changed = await self._practices.update(
            caller(), lambda before: changed_settings(before, request.settings, fields)
        )
        return practices_pb2.UpdatePracticeResponse(practice=practice_message(changed))

    async def ListPractices(
        self, request: practices_pb2.ListPracticesRequest, context: object
    ) -> practices_pb2.ListPracticesResponse:
        size = page_size(request.page_size)
        found = await self._practices.page(read_position(request.page_token), size + 1)
        page, last = split_page(found, size)
        return practices_pb2.ListPracticesResponse(
            practices=[practice_message(each) for each in page],
            next_page_token=Position(last.created_at, last.id).token() if last else "",
        )
