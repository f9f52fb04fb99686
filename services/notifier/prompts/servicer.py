"""PromptService: translates between the contract and the use cases."""

from typing import Final, TypeAlias

from grpc import aio

from chassis.paging import read_position
from chassis.rpc_context import caller
from chassis.validation import one_line, page_size, required_uuid
from praxispost.notifier.v1 import prompts_pb2, prompts_pb2_grpc
from services.notifier.prompts.history import History
from services.notifier.prompts.presentation import page_message
from services.notifier.prompts.reporting import NotForMe

Context: TypeAlias = aio.ServicerContext[object, object]

_LONGEST_REFERENCE: Final = 64


class PromptServicer(prompts_pb2_grpc.PromptServiceServicer):
    """Who may call what stands in `access`."""

    def __init__(self, history: History, not_for_me: NotForMe) -> None:
        self._history = history
        self._not_for_me = not_for_me

    async def ListPrompts(
        self, request: prompts_pb2.ListPromptsRequest, context: Context
    ) -> prompts_pb2.ListPromptsResponse:
        """One page of a patient's prompts, of the caller's own practice."""
        practice_id = caller().tenant_id
        patient_id = required_uuid("patient_id", request.patient_id)
        size, after = page_size(request.page_size), read_position(request.page_token)
        if practice_id is None:
            return prompts_pb2.ListPromptsResponse()
        return page_message(await self._history.page(practice_id, patient_id, after, size))

    async def ReportNotForMe(
        self, request: prompts_pb2.ReportNotForMeRequest, context: Context
    ) -> prompts_pb2.ReportNotForMeResponse:
        """Answer the same, whatever is known of the reference."""
        await self._not_for_me.report(one_line("reference", request.reference, maximum=_LONGEST_REFERENCE))
        return prompts_pb2.ReportNotForMeResponse()
