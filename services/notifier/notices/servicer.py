"""NoticeService: translates between the contract and the sending of notices."""

from collections.abc import Callable
from datetime import datetime

import grpc.aio

from praxispost.notifier.v1 import notices_pb2, notices_pb2_grpc
from services.notifier.notices.requests import read_notice
from services.notifier.notices.sending import NoticeSender


class NoticeServicer(notices_pb2_grpc.NoticeServiceServicer):
    """For identity only, as access.py says."""

    def __init__(self, sender: NoticeSender, clock: Callable[[], datetime]) -> None:
        self._sender = sender
        self._clock = clock

    async def SendNotice(
        self,
        request: notices_pb2.SendNoticeRequest,
        context: grpc.aio.ServicerContext[notices_pb2.SendNoticeRequest, notices_pb2.SendNoticeResponse],
    ) -> notices_pb2.SendNoticeResponse:
        """Send one notice and answer when it has been accepted."""
        accepted_at = await self._sender.send(read_notice(request, self._clock()))
        response = notices_pb2.SendNoticeResponse()
        response.accepted_at.FromDatetime(accepted_at)
        return response
