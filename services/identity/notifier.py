"""The notifier as identity knows it: it takes notices."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from grpc import StatusCode, aio

from chassis.grpc_client import AioRpcError
from chassis.refusal import Refusal
from praxispost.notifier.v1 import notices_pb2, notices_pb2_grpc
from services.identity.language import ENGLISH, GERMAN
from services.identity.notice_delivery import NeverAccepted, NotAcceptedYet
from services.identity.notices import Notice
from services.identity.times import timestamp

# Longer than the notifier's own patience with relay and gateway, shorter than a notice's lease.
_SECONDS: Final = 30.0
# Only here the notice itself is at fault; whatever else goes wrong may be mended before its code ends.
_FOR_GOOD: Final = frozenset({StatusCode.INVALID_ARGUMENT, StatusCode.FAILED_PRECONDITION})
_LANGUAGES: Final["Mapping[str, notices_pb2.NoticeLanguage.ValueType]"] = {
    GERMAN: notices_pb2.NOTICE_LANGUAGE_GERMAN,
    ENGLISH: notices_pb2.NOTICE_LANGUAGE_ENGLISH,
}


class Notifier:
    """Hands notices over by RPC."""

    def __init__(self, to_notifier: aio.Channel) -> None:
        self._stub = notices_pb2_grpc.NoticeServiceStub(to_notifier)

    async def send(self, notice_id: UUID, notice: Notice) -> None:
        """Return once relay or gateway has accepted the notice; raises NotAcceptedYet, NeverAccepted."""
        try:
            await self._stub.SendNotice(notice_request(notice_id, notice), timeout=_SECONDS)
        except AioRpcError as error:
            raise (NeverAccepted if error.code() in _FOR_GOOD else NotAcceptedYet) from error
        except Refusal as refusal:
            # The channel asks for a token before it calls, and could get none.
            raise NotAcceptedYet from refusal


def notice_request(notice_id: UUID, notice: Notice) -> notices_pb2.SendNoticeRequest:
    """The notice as the contract carries it."""
    request = notices_pb2.SendNoticeRequest(notice_id=str(notice_id), language=_LANGUAGES[notice.language])
    if notice.to.kind == "email":
        request.email = notice.to.value
    else:
        request.mobile = notice.to.value
    expires_at = timestamp(notice.expires_at)
    match notice.kind:
        case "invitation":
            invitation = notices_pb2.Invitation(
                code=notice.code, expires_at=expires_at, practice_name=notice.practice_name
            )
            request.invitation.CopyFrom(invitation)
        case "login_code":
            request.login_code.CopyFrom(notices_pb2.LoginCode(code=notice.code, expires_at=expires_at))
        case "registration_code":
            registration_code = notices_pb2.RegistrationCode(code=notice.code, expires_at=expires_at)
            request.registration_code.CopyFrom(registration_code)
        case "reset_code":
            request.reset_code.CopyFrom(notices_pb2.ResetCode(code=notice.code, expires_at=expires_at))
        case "contact_code":
            request.contact_code.CopyFrom(notices_pb2.ContactCode(code=notice.code, expires_at=expires_at))
        case "contact_changed":
            request.contact_changed.CopyFrom(notices_pb2.ContactChanged())
        case "password_changed":
            request.password_changed.CopyFrom(notices_pb2.PasswordChanged())
        case "access_granted":
            request.access_granted.CopyFrom(notices_pb2.AccessGranted())
    return request
