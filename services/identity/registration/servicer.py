"""RegistrationService: from the contract to the use cases and back."""

from collections.abc import Mapping
from typing import Final

from praxispost.identity.v1 import registration_pb2, registration_pb2_grpc
from services.identity.birth_dates import birth_date
from services.identity.language import language_code
from services.identity.registration.completion import Completion
from services.identity.registration.domain import State
from services.identity.registration.steps import RegistrationSteps
from services.identity.times import timestamp

_DUE: Final["Mapping[State, registration_pb2.RegistrationStep.ValueType]"] = {
    "email_code": registration_pb2.REGISTRATION_STEP_EMAIL_CODE,
    "sms_code": registration_pb2.REGISTRATION_STEP_SMS_CODE,
    "proven": registration_pb2.REGISTRATION_STEP_BIRTH_DATE,
}


class RegistrationServicer(registration_pb2_grpc.RegistrationServiceServicer):
    """Answers for registrations."""

    def __init__(self, steps: RegistrationSteps, completion: Completion) -> None:
        self._steps = steps
        self._completion = completion

    async def StartRegistration(
        self, request: registration_pb2.StartRegistrationRequest, context: object
    ) -> registration_pb2.StartRegistrationResponse:
        language = language_code("language", request.language)
        started = await self._steps.start(request.email, request.mobile, request.password, language)
        return registration_pb2.StartRegistrationResponse(
            registration=started.secret, expires_at=timestamp(started.expires_at)
        )

    async def ResendCode(
        self, request: registration_pb2.ResendCodeRequest, context: object
    ) -> registration_pb2.ResendCodeResponse:
        expires_at = await self._steps.resend(request.registration)
        return registration_pb2.ResendCodeResponse(expires_at=timestamp(expires_at))

    async def VerifyEmail(
        self, request: registration_pb2.VerifyEmailRequest, context: object
    ) -> registration_pb2.VerifyEmailResponse:
        await self._steps.verify_email(request.registration, request.code)
        return registration_pb2.VerifyEmailResponse(step=_DUE["sms_code"])

    async def VerifyMobile(
        self, request: registration_pb2.VerifyMobileRequest, context: object
    ) -> registration_pb2.VerifyMobileResponse:
        await self._steps.verify_mobile(request.registration, request.code)
        return registration_pb2.VerifyMobileResponse(step=_DUE["proven"])

    async def CompleteRegistration(
        self, request: registration_pb2.CompleteRegistrationRequest, context: object
    ) -> registration_pb2.CompleteRegistrationResponse:
        born = birth_date("birth_date", request.birth_date)
        completed = await self._completion.complete(request.registration, born)
        return registration_pb2.CompleteRegistrationResponse(
            account_id=str(completed.account_id), session=completed.session, bound=completed.bound
        )

    async def GetRegistration(
        self, request: registration_pb2.GetRegistrationRequest, context: object
    ) -> registration_pb2.GetRegistrationResponse:
        registration, code_to = await self._steps.state(request.registration)
        return registration_pb2.GetRegistrationResponse(
            step=_DUE[registration.state], expires_at=timestamp(registration.expires_at), code_to=code_to
        )
