"""Translates between the contract of WithdrawalService and its use cases."""

from typing import TypeAlias

from grpc import aio

from chassis.grpc_server import caller
from chassis.refusal import invalid
from chassis.validation import required_uuid
from praxispost.messaging.v1 import withdrawals_pb2 as wire
from praxispost.messaging.v1 import withdrawals_pb2_grpc
from services.messaging.messages.domain import WithdrawalReason
from services.messaging.times import timestamp
from services.messaging.withdrawals.taking_back import Withdrawals

Context: TypeAlias = aio.ServicerContext[object, object]


class WithdrawalServicer(withdrawals_pb2_grpc.WithdrawalServiceServicer):
    """The servicer; who may call what stands in `access`."""

    def __init__(self, withdrawals: Withdrawals) -> None:
        self._withdrawals = withdrawals

    async def WithdrawMessage(
        self, request: wire.WithdrawMessageRequest, context: Context
    ) -> wire.WithdrawMessageResponse:
        message_id = required_uuid("message_id", request.message_id)
        at = await self._withdrawals.withdraw(caller(), message_id, _reason(request.withdrawal_reason))
        return wire.WithdrawMessageResponse(withdrawn_at=timestamp(at))

    async def CloseForReplies(
        self, request: wire.CloseForRepliesRequest, context: Context
    ) -> wire.CloseForRepliesResponse:
        message_id = required_uuid("message_id", request.message_id)
        at = await self._withdrawals.close_for_replies(caller(), message_id)
        return wire.CloseForRepliesResponse(closed_at=timestamp(at))

    async def EraseContent(
        self, request: wire.EraseContentRequest, context: Context
    ) -> wire.EraseContentResponse:
        message_id = required_uuid("message_id", request.message_id)
        at = await self._withdrawals.erase(caller(), message_id, request.step_up)
        return wire.EraseContentResponse(erased_at=timestamp(at))


def _reason(value: int) -> WithdrawalReason:
    try:
        return WithdrawalReason(value)
    except ValueError:
        raise invalid("withdrawal_reason", "must be one of the reasons") from None
