"""Refusals on the wire: google.rpc.Status with ErrorInfo and BadRequest (AIP-193), there and back."""

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status as RpcStatus
from grpc import aio

from chassis.refusal import FieldViolation, Refusal, Status, dependency_unavailable
from praxispost.chassis.v1.error_reason_pb2 import ErrorReason

CHASSIS_DOMAIN = "chassis.praxispost"
DETAILS_KEY = "grpc-status-details-bin"
_CHASSIS_REASONS = frozenset(
    name.removeprefix("ERROR_REASON_") for name in ErrorReason.DESCRIPTOR.values_by_name
)
_PASSING = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.CANCELLED,
    }
)


def to_rpc_status(refusal: Refusal, domain: str) -> RpcStatus:
    """The refusal as google.rpc.Status; `domain` is the service's, the chassis' own reasons have another."""
    reason_domain = CHASSIS_DOMAIN if refusal.reason in _CHASSIS_REASONS else domain
    details: list[Message] = [
        ErrorInfo(reason=refusal.reason, domain=reason_domain, metadata=dict(refusal.metadata))
    ]
    if refusal.fields:
        violations = [
            BadRequest.FieldViolation(field=each.field, description=each.description)
            for each in refusal.fields
        ]
        details.append(BadRequest(field_violations=violations))
    return RpcStatus(
        code=grpc.StatusCode[refusal.status.name].value[0],
        message=refusal.message,
        details=[_packed(detail) for detail in details],
    )


def refusal_of(error: aio.AioRpcError) -> Refusal | None:
    """The refusal that a service answered with; None where it was no refusal or tells no reason."""
    status = _rpc_status(error)
    name = error.code().name
    if status is None or name not in Status.__members__:
        return None
    info, bad_request = ErrorInfo(), BadRequest()
    for detail in status.details:
        if not detail.Unpack(info):
            detail.Unpack(bad_request)
    if not info.reason:
        return None
    return Refusal(
        Status[name],
        info.reason,
        status.message,
        fields=tuple(FieldViolation(each.field, each.description) for each in bad_request.field_violations),
        metadata=dict(info.metadata),
    )


def is_passing(error: aio.AioRpcError) -> bool:
    """Whether the failed call may succeed later."""
    return error.code() in _PASSING


def as_unavailable(error: aio.AioRpcError, dependency: str) -> Refusal:
    """What to answer when a call to `dependency` failed and its answer means nothing to our own caller."""
    refusal = dependency_unavailable(dependency)
    refusal.__cause__ = error
    return refusal


def _packed(message: Message) -> Any:
    packed = Any()
    packed.Pack(message)
    return packed


def _rpc_status(error: aio.AioRpcError) -> RpcStatus | None:
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            try:
                return RpcStatus.FromString(value)
            except DecodeError:
                return None
    return None
