"""Reads a SendNoticeRequest: everything in it is checked before anything leaves."""

import re
from datetime import UTC, datetime
from typing import Final, TypeAlias

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.refusal import invalid
from chassis.validation import one_line, required_uuid
from praxispost.notifier.v1 import notices_pb2
from services.notifier.language import Language
from services.notifier.mail.address import is_plain_address
from services.notifier.notices.domain import (
    AccessGranted,
    ContactChanged,
    ContactCode,
    Email,
    Invitation,
    Letter,
    LetterContent,
    LoginCode,
    Mobile,
    Notice,
    PasswordChanged,
    RegistrationCode,
    ResetCode,
    ShortMessage,
)

_E164: Final = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_SIX_DIGITS: Final = re.compile(r"\d{6}", re.ASCII)
_INVITATION_CODE: Final = re.compile(r"[A-Za-z0-9-]{6,64}", re.ASCII)
_LONGEST_PRACTICE_NAME: Final = 120
_LANGUAGES: Final = {
    notices_pb2.NOTICE_LANGUAGE_UNSPECIFIED: Language.GERMAN,
    notices_pb2.NOTICE_LANGUAGE_GERMAN: Language.GERMAN,
    notices_pb2.NOTICE_LANGUAGE_ENGLISH: Language.ENGLISH,
}

_Coded: TypeAlias = (
    notices_pb2.RegistrationCode
    | notices_pb2.ResetCode
    | notices_pb2.ContactCode
    | notices_pb2.LoginCode
    | notices_pb2.Invitation
)


def read_notice(request: notices_pb2.SendNoticeRequest, now: datetime) -> Notice:
    """Return the notice that is asked for. Refuses INVALID_FIELD."""
    notice_id = required_uuid("notice_id", request.notice_id)
    if request.language not in _LANGUAGES:
        raise invalid("language", "is not known")
    language = _LANGUAGES[request.language]
    recipient, content = _recipient(request), _content(request, now)
    match recipient, content:
        case (
            Email(),
            RegistrationCode()
            | ResetCode()
            | ContactCode()
            | ContactChanged()
            | PasswordChanged()
            | AccessGranted()
            | Invitation(),
        ):
            return Letter(notice_id, recipient, content, language)
        case Mobile(), RegistrationCode() | ResetCode() | ContactCode() | ContactChanged() | LoginCode():
            return ShortMessage(notice_id, recipient, content, language)
        case Email(), _:
            raise invalid("email", "a login code goes by SMS")
        case _:
            raise invalid("mobile", "an invitation, a new password or granted access is told by e-mail")


def _recipient(request: notices_pb2.SendNoticeRequest) -> Email | Mobile:
    match request.WhichOneof("recipient"):
        case "email":
            if not is_plain_address(request.email):
                raise invalid("email", "must be one plain e-mail address")
            return Email(request.email)
        case "mobile":
            if not _E164.fullmatch(request.mobile):
                raise invalid("mobile", "must be a number in E.164")
            return Mobile(request.mobile)
    raise invalid("recipient", "is required")


def _content(request: notices_pb2.SendNoticeRequest, now: datetime) -> LetterContent | LoginCode:
    match request.WhichOneof("content"):
        case "registration_code":
            return RegistrationCode(*_code("registration_code", request.registration_code, _SIX_DIGITS, now))
        case "reset_code":
            return ResetCode(*_code("reset_code", request.reset_code, _SIX_DIGITS, now))
        case "contact_code":
            return ContactCode(*_code("contact_code", request.contact_code, _SIX_DIGITS, now))
        case "contact_changed":
            return ContactChanged()
        case "password_changed":
            return PasswordChanged()
        case "access_granted":
            return AccessGranted()
        case "login_code":
            return LoginCode(*_code("login_code", request.login_code, _SIX_DIGITS, now))
        case "invitation":
            code, expires_at = _code("invitation", request.invitation, _INVITATION_CODE, now)
            name = request.invitation.practice_name
            return Invitation(
                code, expires_at, one_line("invitation.practice_name", name, maximum=_LONGEST_PRACTICE_NAME)
            )
    raise invalid("content", "is required")


def _code(
    field: str,
    given: _Coded,
    form: re.Pattern[str],
    now: datetime,
) -> tuple[str, datetime]:
    if not form.fullmatch(given.code):
        raise invalid(f"{field}.code", "is not a code")
    expires_at = _time(f"{field}.expires_at", given.expires_at if given.HasField("expires_at") else None)
    if expires_at <= now:
        raise invalid(f"{field}.expires_at", "has passed")
    return given.code, expires_at


def _time(field: str, value: Timestamp | None) -> datetime:
    if value is None:
        raise invalid(field, "is required")
    try:
        return value.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise invalid(field, "is not a time") from None
