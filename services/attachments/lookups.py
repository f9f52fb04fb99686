"""Asks messaging what has which documents."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from grpc import aio

from chassis.grpc_client import AioRpcError, as_unavailable
from praxispost.messaging.v1 import messaging_pb2, messaging_pb2_grpc


@dataclass(frozen=True, slots=True)
class Holders:
    """Those of some documents that a message has, for good, and those that a draft has, for now."""

    sent: frozenset[UUID] = frozenset()
    drafted: frozenset[UUID] = frozenset()


class HolderLookup:
    """LookupAttachments of messaging's api."""

    def __init__(self, messaging: aio.Channel) -> None:
        self._stub = messaging_pb2_grpc.MessagingServiceStub(messaging)

    async def holders(self, practice_id: UUID, attachment_ids: Collection[UUID]) -> Holders:
        """What has up to 500 documents; refuses with DEPENDENCY_UNAVAILABLE where nobody can say."""
        request = messaging_pb2.LookupAttachmentsRequest(
            practice_id=str(practice_id), attachment_ids=[str(each) for each in attachment_ids]
        )
        try:
            response = await self._stub.LookupAttachments(request)
        except AioRpcError as error:
            raise as_unavailable(error, "messaging") from error
        return Holders(frozenset(map(UUID, response.sent_ids)), frozenset(map(UUID, response.drafted_ids)))
