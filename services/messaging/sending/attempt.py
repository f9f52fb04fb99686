"""One try of a request that makes a message: the same request id makes the same message, once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.idempotency import Asked, Requests
from services.messaging.messages.domain import message_id

R = TypeVar("R", bound=Message)


@dataclass(frozen=True, slots=True)
class Attempt(Asked[R]):
    """Who tries what in which practice, and what the answer looks like."""

    @property
    def message_id(self) -> UUID:
        """The id of the message that this makes, however often it is tried."""
        return message_id(self.tenant_id, self.caller.subject_id, self.request_id)

    async def answered(self, requests: Requests, tx: AsyncConnection) -> R | None:
        """The answer of an earlier try; None where there is none."""
        return await requests.answered(
            tx,
            caller=self.caller,
            tenant_id=self.tenant_id,
            rpc=self.rpc,
            request_id=self.request_id,
            request=self.request,
            response_type=self.response_type,
        )

    async def once(self, requests: Requests, tx: AsyncConnection, effect: Callable[[], Awaitable[R]]) -> R:
        """The effect's answer, or that of an earlier try."""
        return await requests.once(
            tx,
            caller=self.caller,
            tenant_id=self.tenant_id,
            rpc=self.rpc,
            request_id=self.request_id,
            request=self.request,
            response_type=self.response_type,
            effect=effect,
        )
