"""Answers StepUpService: from the contract to the use case and back."""

from chassis.rpc_context import caller
from praxispost.identity.v1 import step_up_pb2, step_up_pb2_grpc
from services.identity.staff.step_up import StepUps
from services.identity.times import timestamp


class StepUpServicer(step_up_pb2_grpc.StepUpServiceServicer):
    """Answers for the staff member who calls."""

    def __init__(self, step_ups: StepUps) -> None:
        self._step_ups = step_ups

    async def StepUp(self, request: step_up_pb2.StepUpRequest, context: object) -> step_up_pb2.StepUpResponse:
        proven = await self._step_ups.prove(caller(), request.password)
        return step_up_pb2.StepUpResponse(
            statement=proven.statement, expires_at=timestamp(proven.expires_at), alone=proven.alone
        )
