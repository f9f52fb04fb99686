"""The portal's cookies: opaque secrets that only this host's own pages send back (RFC 6265bis, prefix
__Host-)."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

STAFF: Final = "__Host-staff"
ACCOUNT: Final = "__Host-account"
VISIT: Final = "__Host-visit"
LANGUAGE: Final = "__Host-language"
# Which member of staff was here last: no secret, only to notice that it is somebody else now.
STAFF_MEMBER: Final = "__Host-staff-member"
# What a person has begun and goes on with after a look at e-mail or SMS.
REGISTRATION: Final = "__Host-registration"
LOGIN: Final = "__Host-login"
RESET: Final = "__Host-reset"


def read(request: Request, name: str) -> str:
    """The cookie's value; empty where there is none, or something that can be none of ours."""
    value = request.cookies.get(name, "")
    return value if len(value) <= 200 and value.isascii() else ""


def keep(response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
    """Keep a value in the browser until it is closed, or for so many seconds.

    Lax, since the link of a prompt comes from elsewhere; whatever changes something wants a form token
    besides.
    """
    response.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")


def drop(response: Response, name: str) -> None:
    """Forget a value."""
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")
