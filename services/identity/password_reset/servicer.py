"""PasswordResetService: from the contract to the use cases and back."""

from praxispost.identity.v1 import password_reset_pb2, password_reset_pb2_grpc
from services.identity.password_reset.steps import PasswordResetSteps
from services.identity.times import timestamp


class PasswordResetServicer(password_reset_pb2_grpc.PasswordResetServiceServicer):
    """Answers the portal for who forgot the password."""

    def __init__(self, steps: PasswordResetSteps) -> None:
        self._steps = steps

    async def StartPasswordReset(
        self, request: password_reset_pb2.StartPasswordResetRequest, context: object
    ) -> password_reset_pb2.StartPasswordResetResponse:
        started = await self._steps.start(request.email, request.mobile, request.password)
        return password_reset_pb2.StartPasswordResetResponse(
            reset=started.secret, expires_at=timestamp(started.expires_at)
        )

    async def VerifyResetEmail(
        self, request: password_reset_pb2.VerifyResetEmailRequest, context: object
    ) -> password_reset_pb2.VerifyResetEmailResponse:
        ends = await self._steps.verify_email(request.reset, request.code)
        return password_reset_pb2.VerifyResetEmailResponse(expires_at=timestamp(ends))

    async def CompletePasswordReset(
        self, request: password_reset_pb2.CompletePasswordResetRequest, context: object
    ) -> password_reset_pb2.CompletePasswordResetResponse:
        await self._steps.complete(request.reset, request.code)
        return password_reset_pb2.CompletePasswordResetResponse()
