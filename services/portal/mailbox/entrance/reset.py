"""A forgotten password: a new one for whoever proves e-mail address and mobile number again.

Every step looks the same whether there is such an account or not.
"""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.password_reset_pb2 import (
    CompletePasswordResetRequest,
    StartPasswordResetRequest,
    VerifyResetEmailRequest,
)
from services.portal import cookies
from services.portal.mailbox.gate import Gate
from services.portal.mailbox.trouble import FIELDS, Trouble, at, refused
from services.portal.mailbox.typed import code_as_typed
from services.portal.people import answered
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import mark

_PATH: Final = "/reset"
_EMAIL: Final = "/reset/email"
_MOBILE: Final = "/reset/mobile"
# As long as identity keeps a reset.
_KEPT_SECONDS: Final = 60 * 60
_DETAILS: Final[Mapping[str, str]] = {
    "TOO_MANY_CODES": mark("Mit diesen Angaben gingen schon mehrere Codes hinaus. Ein neuer geht %(wait)s."),
}
_CODE: Final[Mapping[str, str]] = {
    "CODE_REFUSED": mark(
        "Dieser Code stimmt nicht oder gilt nicht mehr. Nach fünf Versuchen brauchen Sie einen neuen."
    ),
    "TOO_MANY_CODES": mark(
        "Es gingen schon mehrere SMS an Sie. Geben Sie denselben Code %(wait)s noch einmal ein."
    ),
}
_ENDED: Final = mark("Das hat zu lange gedauert. Bitte beginnen Sie noch einmal.")


class Reset:
    """The three pages: details with the new password, the code from the e-mail, the code from the SMS."""

    def __init__(self, tools: Tools, gate: Gate) -> None:
        self._reset = tools.services.password_reset
        self._gate = gate

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.everybody(_PATH, self.details),
            routing.everybody(_PATH, self.start, methods=["POST"]),
            routing.everybody(_EMAIL, self.email_form),
            routing.everybody(_EMAIL, self.prove_email, methods=["POST"]),
            routing.everybody(_MOBILE, self.mobile_form),
            routing.everybody(_MOBILE, self.prove_mobile, methods=["POST"]),
        ]

    async def details(self, visit: Visit) -> Response:
        """The empty form."""
        return _details(visit)

    async def start(self, visit: Visit) -> Response:
        """Take the account's pair and the new password, and send the first code."""
        trouble = self._gate.asks(visit)
        if trouble is not None:
            return _details(visit, trouble)
        request = StartPasswordResetRequest(
            email=visit.form.line("email"),
            mobile=visit.form.line("mobile"),
            password=visit.form.text("password"),
        )
        try:
            started = await answered(self._reset.StartPasswordReset(request))
        except Refusal as refusal:
            return _details(visit, refused(visit.words, refusal, _DETAILS))
        response = go_to(_EMAIL)
        cookies.keep(response, cookies.RESET, started.reset, seconds=_KEPT_SECONDS)
        return response

    async def email_form(self, visit: Visit) -> Response:
        """The form for the code from the e-mail."""
        return _code(visit, _EMAIL) if _secret(visit) else go_to(_PATH)

    async def prove_email(self, visit: Visit) -> Response:
        """Compare it; the SMS is sent."""
        code = code_as_typed(visit.form.line("code"))
        trouble = self._checked(visit, code)
        if trouble is not None:
            return _code(visit, _EMAIL, trouble)
        request = VerifyResetEmailRequest(reset=_secret(visit), code=code)
        try:
            await answered(self._reset.VerifyResetEmail(request))
        except Refusal as refusal:
            return _refused(visit, _EMAIL, refusal)
        return go_to(_MOBILE)

    async def mobile_form(self, visit: Visit) -> Response:
        """The form for the code from the SMS."""
        return _code(visit, _MOBILE) if _secret(visit) else go_to(_PATH)

    async def prove_mobile(self, visit: Visit) -> Response:
        """Compare it; the new password holds from now on, everywhere else one is logged out."""
        code = code_as_typed(visit.form.line("code"))
        trouble = self._checked(visit, code)
        if trouble is not None:
            return _code(visit, _MOBILE, trouble)
        request = CompletePasswordResetRequest(reset=_secret(visit), code=code)
        try:
            await answered(self._reset.CompletePasswordReset(request))
        except Refusal as refusal:
            return _refused(visit, _MOBILE, refusal)
        response = go_to("/login?reset=1")
        cookies.drop(response, cookies.RESET)
        cookies.drop(response, cookies.ACCOUNT)
        return response

    def _checked(self, visit: Visit, code: str) -> Trouble | None:
        return self._gate.tries(visit) if code else at(visit.words, "code", FIELDS["code"])


def _secret(visit: Visit) -> str:
    return cookies.read(visit.request, cookies.RESET)


def _details(visit: Visit, trouble: Trouble | None = None) -> Response:
    return visit.page(
        "mailbox/entrance/reset_details.html",
        status=200 if trouble is None else trouble.status,
        trouble=trouble,
        typed=visit.form,
    )


def _code(visit: Visit, path: str, trouble: Trouble | None = None) -> Response:
    return visit.page(
        "mailbox/entrance/reset_email.html" if path == _EMAIL else "mailbox/entrance/reset_mobile.html",
        status=200 if trouble is None else trouble.status,
        trouble=trouble,
    )


def _refused(visit: Visit, path: str, refusal: Refusal) -> Response:
    if refusal.reason == "RESET_NOT_FOUND" or not _secret(visit):
        response = _details(visit, Trouble(visit.words.say(_ENDED)))
        cookies.drop(response, cookies.RESET)
        return response
    if refusal.reason == "RESET_STEP_NOT_DUE":
        return go_to(_EMAIL)
    return _code(visit, path, refused(visit.words, refusal, _CODE))
