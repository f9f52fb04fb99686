"""Where the link of an invitation leads: the invited person proves it by the code and chooses a password."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.sessions_pb2 import LoginStaffRequest
from praxispost.identity.v1.staff_pb2 import AcceptInvitationRequest
from services.portal import cookies
from services.portal.endings import Endings
from services.portal.limits import AddressLimit, client_network
from services.portal.people import answered
from services.portal.practice.own.new_password import GUESSABLE, UNUSABLE, wrong_with
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import mark

_PATH: Final = "/invitation"
_TRIES: Final = 20
_TRIES_WITHIN: Final = timedelta(minutes=5)
_CHECK: Final = mark("Noch nicht angenommen: Bitte prüfen Sie, was unten markiert ist.")
_TOO_OFTEN: Final = mark("Zu viele Versuche. Bitte warten Sie %(seconds)s Sekunden.")
_CODE: Final = mark(
    "Adresse und Code passen nicht zusammen, oder der Code gilt nicht mehr. Die Praxis kann Ihnen einen "
    "neuen schicken."
)
_EMAIL: Final = mark("Bitte geben Sie die E-Mail-Adresse an, an die die Einladung ging.")
_NO_CODE: Final = mark("Bitte geben Sie den Code aus der E-Mail an.")
_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "email": ("email", _EMAIL),
    "code": ("code", _NO_CODE),
    "password": ("new_password", UNUSABLE),
}


class Invitation:
    """The page, which tells nobody who was invited."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services
        self._trusted_proxies = tools.trusted_proxies
        self._endings = Endings(tools)
        self._limit = AddressLimit(_TRIES, _TRIES_WITHIN, tools.monotonic)

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.everybody(_PATH, self.show),
            routing.everybody(_PATH, self.accept, methods=["POST"]),
        ]

    async def show(self, visit: Visit) -> Response:
        """The empty form."""
        return _page(visit, {}, "")

    async def accept(self, visit: Visit) -> Response:
        """Set the password and log in with it."""
        wrong = wrong_with(visit.form, visit.words)
        if wrong:
            return _page(visit, wrong, visit.words.say(_CHECK))
        too_often = self._limit.take(client_network(visit.request, self._trusted_proxies))
        if too_often is not None:
            return _page(visit, {}, visit.words.say(_TOO_OFTEN, seconds=too_often.seconds))
        email, password = visit.form.line("email"), visit.form.text("new_password")
        request = AcceptInvitationRequest(email=email, code=visit.form.line("code"), password=password)
        try:
            await answered(self._services.staff.AcceptInvitation(request))
        except Refusal as refusal:
            return _page(visit, _wrong(visit, refusal), visit.words.say(_CHECK))
        return await self._logged_in(visit, email, password)

    async def _logged_in(self, visit: Visit, email: str, password: str) -> Response:
        """On to the work; where the login has to wait, to its page: the password is set already."""
        request = LoginStaffRequest(email=email, password=password)
        try:
            begun = await answered(self._services.sessions.LoginStaff(request))
        except Refusal:
            return go_to("/practice/login")
        await self._endings.end(cookies.read(visit.request, cookies.STAFF))
        response = go_to("/practice/inbox")
        cookies.keep(response, cookies.STAFF, begun.session)
        return response


def _wrong(visit: Visit, refusal: Refusal) -> dict[str, str]:
    match refusal.reason:
        case "CODE_REFUSED":
            return {"code": visit.words.say(_CODE)}
        case "PASSWORD_TOO_WEAK":
            return {"new_password": visit.words.say(GUESSABLE)}
        case "INVALID_FIELD":
            known = [_FIELDS[each.field] for each in refusal.fields if each.field in _FIELDS]
            return {name: visit.words.say(text) for name, text in known}
    raise refusal


def _page(visit: Visit, errors: Mapping[str, str], problem: str) -> Response:
    return visit.page(
        "practice/own/invitation.html",
        status=400 if problem else 200,
        email=visit.form.line("email"),
        code=visit.form.line("code"),
        errors=errors,
        problem=problem,
    )
