"""Asks messaging which messages exist."""

from collections.abc import Collection
from uuid import UUID

from grpc import aio

from chassis.grpc_client import AioRpcError, as_unavailable
from praxispost.messaging.v1 import messaging_pb2, messaging_pb2_grpc


class MessageLookup:
    """LookupMessages of messaging's api."""

    def __init__(self, messaging: aio.Channel) -> None:
        self._stub = messaging_pb2_grpc.MessagingServiceStub(messaging)

    async def existing(self, practice_id: UUID, message_ids: Collection[UUID]) -> frozenset[UUID]:
        """Which of up to 500 messages exist; refuses with DEPENDENCY_UNAVAILABLE where nobody can say."""
        request = messaging_pb2.LookupMessagesRequest(
            practice_id=str(practice_id), message_ids=[str(message_id) for message_id in message_ids]
        )
        try:
            response = await self._stub.LookupMessages(request)
        except AioRpcError as error:
            raise as_unavailable(error, "messaging") from error
        return frozenset(UUID(message_id) for message_id in response.message_ids)
