"""AccessService: from the contract to the use cases and back."""

from collections.abc import Mapping
from typing import Final

from chassis.refusal import invalid
from chassis.rpc_context import caller
from chassis.validation import required_uuid
from praxispost.identity.v1 import access_pb2, access_pb2_grpc
from services.identity.admission.domain import Attempt, Obstacle
from services.identity.admission.use_cases import AccessOverview, PatientAccess
from services.identity.patients.marks import Mark
from services.identity.times import timestamp

_OBSTACLES: Final["Mapping[Obstacle, access_pb2.AccessObstacle.ValueType]"] = {
    "none": access_pb2.ACCESS_OBSTACLE_NONE,
    "mobile": access_pb2.ACCESS_OBSTACLE_MOBILE,
    "birth_date": access_pb2.ACCESS_OBSTACLE_BIRTH_DATE,
    "locked": access_pb2.ACCESS_OBSTACLE_BIRTH_DATE_LOCKED,
    "question": access_pb2.ACCESS_OBSTACLE_WHO_READS,
}
_MARKS: Final["Mapping[access_pb2.PatientMark.ValueType, Mark]"] = {
    access_pb2.PATIENT_MARK_OBJECTED: "objected",
    access_pb2.PATIENT_MARK_DECEASED: "deceased",
    access_pb2.PATIENT_MARK_PERMITTED: "permitted",
}


class AccessServicer(access_pb2_grpc.AccessServiceServicer):
    """Answers for the way in."""

    def __init__(self, access: PatientAccess) -> None:
        self._access = access

    async def GetAccess(
        self, request: access_pb2.GetAccessRequest, context: object
    ) -> access_pb2.GetAccessResponse:
        found = await self._access.get(caller(), required_uuid("patient_id", request.patient_id))
        return _overview(found)

    async def SettleAccess(
        self, request: access_pb2.SettleAccessRequest, context: object
    ) -> access_pb2.SettleAccessResponse:
        closed = await self._access.settle(caller(), required_uuid("patient_id", request.patient_id))
        return access_pb2.SettleAccessResponse(closed=closed)

    async def ReleaseBirthDate(
        self, request: access_pb2.ReleaseBirthDateRequest, context: object
    ) -> access_pb2.ReleaseBirthDateResponse:
        patient_id = required_uuid("patient_id", request.patient_id)
        released = await self._access.release_birth_date(caller(), patient_id)
        return access_pb2.ReleaseBirthDateResponse(released=released)

    async def ConfirmAddress(
        self, request: access_pb2.ConfirmAddressRequest, context: object
    ) -> access_pb2.ConfirmAddressResponse:
        patient_id = required_uuid("patient_id", request.patient_id)
        confirmed = await self._access.confirm_address(caller(), patient_id)
        return access_pb2.ConfirmAddressResponse(confirmed=confirmed)

    async def MarkPatient(
        self, request: access_pb2.MarkPatientRequest, context: object
    ) -> access_pb2.MarkPatientResponse:
        patient_id = required_uuid("patient_id", request.patient_id)
        mark = _MARKS.get(request.mark)
        if mark is None:
            raise invalid("mark", "must be a known mark")
        changed = await self._access.mark(caller(), patient_id, mark, request.set)
        return access_pb2.MarkPatientResponse(changed=changed)


def _overview(found: AccessOverview) -> access_pb2.GetAccessResponse:
    opened_at = found.task_opened_at
    return access_pb2.GetAccessResponse(
        bound=found.state.bound,
        suspended=found.suspended,
        birth_date_locked=found.state.birth_date_locked,
        address_refused=found.address_suspect == "refused",
        not_for_me=found.address_suspect == "not_for_me",
        task_opened_at=timestamp(opened_at) if opened_at else None,
        attempts=[_attempt(each) for each in found.attempts],
    )


def _attempt(attempt: Attempt) -> access_pb2.AccessAttempt:
    mobile, email = access_pb2.ACCESS_STEP_MOBILE_PROVEN, access_pb2.ACCESS_STEP_EMAIL_PROVEN
    return access_pb2.AccessAttempt(
        step=mobile if attempt.mobile_proven else email,
        obstacle=_OBSTACLES[attempt.obstacle],
        noticed_at=timestamp(attempt.noticed_at),
        proofs_end_at=timestamp(attempt.proofs_end_at),
    )
