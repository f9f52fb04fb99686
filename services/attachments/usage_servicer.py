"""Translates between the contract of UsageService and its use cases."""

from uuid import UUID

from grpc import aio

from chassis.caller import Caller
from chassis.grpc_server import caller
from chassis.refusal import invalid
from chassis.validation import optional_uuid, required_uuid
from praxispost.attachments.v1 import usage_pb2 as pb
from praxispost.attachments.v1 import usage_pb2_grpc
from services.attachments import refusals
from services.attachments.usage import Usage

_LARGEST_QUOTA = 2**60


class UsageServicer(usage_pb2_grpc.UsageServiceServicer):
    """Answers UsageService."""

    def __init__(self, usage: Usage) -> None:
        self._usage = usage

    async def GetUsage(
        self,
        request: pb.GetUsageRequest,
        context: aio.ServicerContext[pb.GetUsageRequest, pb.GetUsageResponse],
    ) -> pb.GetUsageResponse:
        room = await self._usage.of(_practice(caller(), optional_uuid("practice_id", request.practice_id)))
        return pb.GetUsageResponse(used_bytes=room.used_bytes, quota_bytes=room.quota_bytes)

    async def SetQuota(
        self,
        request: pb.SetQuotaRequest,
        context: aio.ServicerContext[pb.SetQuotaRequest, pb.SetQuotaResponse],
    ) -> pb.SetQuotaResponse:
        practice_id = required_uuid("practice_id", request.practice_id)
        if not 0 <= request.quota_bytes <= _LARGEST_QUOTA:
            raise invalid("quota_bytes", "must be 0 to 2^60")
        await self._usage.set_quota(caller(), practice_id, request.quota_bytes or None)
        return pb.SetQuotaResponse()


def _practice(by: Caller, practice_id: UUID | None) -> UUID:
    """The practice asked for: any for the operator, their own for all others."""
    asked = practice_id or by.tenant_id
    if asked is None:
        raise invalid("practice_id", "is required")
    if by.tenant_id not in {None, asked}:
        raise refusals.practice_not_found()
    return asked
