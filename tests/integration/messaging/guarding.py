"""A practice that writes one text to many, over the public RPCs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from chassis.caller import Caller
from chassis.events import unwrap
from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.messaging.v1 import guard_pb2, guard_pb2_grpc
from praxispost.messaging.v1 import messaging_pb2 as wire
from services.messaging.guard.step_up import StepUpPurpose
from tests.integration.messaging.drafting import stepped_up
from tests.integration.messaging.post import Post, refusing, staff

TEXT = "Jetzt zur Grippeimpfung!"
LIMIT = 10


class House:
    """A practice with two physicians."""

    def __init__(self, post: Post) -> None:
        self.post = post
        self.author = staff()
        self.practice_id = self.author.tenants[0]
        self.colleague = staff(self.practice_id)
        self.stub: guard_pb2_grpc.GuardServiceAsyncStub = guard_pb2_grpc.GuardServiceStub(post.channel)

    async def to_many(
        self, count: int = LIMIT, by: Caller | None = None, body: str = TEXT, **changed: Any
    ) -> Sequence[tuple[UUID, wire.SendMessageResponse]]:
        """The same text to so many patients, one after the other."""
        sent = []
        for _ in range(count):
            patient_id = self.post.patient(self.practice_id)
            sent.append(
                (patient_id, await self.post.send(by or self.author, patient_id, body=body, **changed))
            )
        return sent

    async def held(self) -> tuple[UUID, str]:
        """The patient and the message that was one too many."""
        patient_id, answer = (await self.to_many())[-1]
        assert answer.held
        return patient_id, answer.message_id

    async def confirm(
        self, by: Caller, message_id: str, /, *, reason: str = "", step_up: str = "", request_id: str = ""
    ) -> guard_pb2.ConfirmHeldResponse:
        request = guard_pb2.ConfirmHeldRequest(
            request_id=request_id or str(uuid4()), message_id=message_id, reason=reason, step_up=step_up
        )
        return await refusing(self.stub.ConfirmHeld(request, metadata=self.post.to(by)))

    async def reject(self, by: Caller, message_id: str, reason: str = "") -> guard_pb2.RejectHeldResponse:
        request = guard_pb2.RejectHeldRequest(request_id=str(uuid4()), message_id=message_id, reason=reason)
        return await refusing(self.stub.RejectHeld(request, metadata=self.post.to(by)))

    async def prompt_again(
        self, by: Caller, message_id: str, request_id: str = ""
    ) -> guard_pb2.PromptAgainResponse:
        request = guard_pb2.PromptAgainRequest(request_id=request_id or str(uuid4()), message_id=message_id)
        return await refusing(self.stub.PromptAgain(request, metadata=self.post.to(by)))

    async def waiting(self, by: Caller, size: int = 0, token: str = "") -> guard_pb2.ListHeldResponse:
        request = guard_pb2.ListHeldRequest(page_size=size, page_token=token)
        return await refusing(self.stub.ListHeld(request, metadata=self.post.to(by)))

    async def basis(self, by: Caller) -> guard_pb2.LegalBasis:
        request = guard_pb2.GetLegalBasisRequest()
        return (await refusing(self.stub.GetLegalBasis(request, metadata=self.post.to(by)))).legal_basis

    async def set_basis(self, by: Caller, text: str) -> guard_pb2.LegalBasis:
        request = guard_pb2.UpdateLegalBasisRequest(text=text)
        return (await refusing(self.stub.UpdateLegalBasis(request, metadata=self.post.to(by)))).legal_basis

    async def tick(self, message_id: str) -> wire.ReceiptState.ValueType:
        return (await self.post.receipt(self.author, message_id)).receipt.state

    def step_up(
        self,
        who: Caller,
        message_id: str,
        *,
        purpose: StepUpPurpose = StepUpPurpose.RELEASE_HELD,
        alone: bool = True,
        kind: str = "step-up",
        ago: int = 0,
    ) -> str:
        """What identity signs."""
        return stepped_up(self.post, who, message_id, purpose=purpose, alone=alone, kind=kind, ago=ago)


async def envelopes(post: Post, kind: str, about: str) -> list[Envelope]:
    """What was published of this kind about a message."""
    rows = await post.rows("SELECT envelope FROM outbox WHERE type = :kind ORDER BY id", kind=kind)
    found = [unwrap(row.envelope) for row in rows]
    return [each for each in found if each.aggregate_id == about]
