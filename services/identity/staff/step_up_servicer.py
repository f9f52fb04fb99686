"""Answers StepUpService: from the contract to the use case and back."""

from typing import Final

from chassis.refusal import invalid
from chassis.rpc_context import caller
from chassis.validation import required_uuid
from praxispost.identity.v1 import step_up_pb2, step_up_pb2_grpc
from services.identity.staff.step_up import Occasion, StepUps
from services.identity.times import timestamp

_PURPOSES: Final = frozenset(step_up_pb2.StepUpPurpose.values()) - {step_up_pb2.STEP_UP_PURPOSE_UNSPECIFIED}


class StepUpServicer(step_up_pb2_grpc.StepUpServiceServicer):
    """Answers for the staff member who calls."""

    def __init__(self, step_ups: StepUps) -> None:
        self._step_ups = step_ups

    async def StepUp(self, request: step_up_pb2.StepUpRequest, context: object) -> step_up_pb2.StepUpResponse:
        if request.purpose not in _PURPOSES:
            raise invalid("purpose", "must be one of the purposes")
        purpose = step_up_pb2.StepUpPurpose.Name(request.purpose)
        occasion = Occasion(purpose, required_uuid("object_id", request.object_id))
        proven = await self._step_ups.prove(caller(), request.password, occasion)
        return step_up_pb2.StepUpResponse(
            statement=proven.statement, expires_at=timestamp(proven.expires_at), alone=proven.alone
        )
