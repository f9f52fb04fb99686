"""How staff come in and go out, and come back to a page that was left alone for too long, with what was
typed there."""

from datetime import timedelta
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.sessions_pb2 import EndSessionRequest, LoginStaffRequest
from services.portal import cookies
from services.portal.endings import Endings
from services.portal.limits import AddressLimit, client_network
from services.portal.people import Person, answered
from services.portal.routing import KEPT, KEPT_PATH, Routing, own_path
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import mark

_HOME: Final = "/practice/inbox"
_TRIES: Final = 30
_TRIES_WITHIN: Final = timedelta(minutes=5)
_WRONG: Final = mark("E-Mail-Adresse oder Passwort stimmen nicht.")
_TOO_OFTEN: Final = mark("Zu viele Versuche. Bitte warten Sie %(seconds)s Sekunden.")


class Entrance:
    """The pages of logging in and out."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services
        self._people = tools.people
        self._endings = Endings(tools)
        self._trusted_proxies = tools.trusted_proxies
        self._limit = AddressLimit(_TRIES, _TRIES_WITHIN, tools.monotonic)

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.everybody("/practice", self.home),
            routing.everybody("/practice/login", self.form),
            routing.everybody("/practice/login", self.log_in, methods=["POST"]),
            routing.everybody("/practice/login/again", self.again_form),
            routing.everybody("/practice/login/again", self.log_in_again, methods=["POST"]),
            routing.staff("/practice/logout", self.log_out, methods=["POST"]),
        ]

    async def home(self, visit: Visit) -> Response:
        """The address that people remember."""
        return go_to(_HOME)

    async def form(self, visit: Visit) -> Response:
        """The empty form."""
        return visit.page("practice/login.html", email="", next=visit.query("next"), problem="", kept=[])

    async def log_in(self, visit: Visit) -> Response:
        """Check what was typed and begin a session; then on to where one wanted to go."""
        email, after, kept = visit.form.line("email"), visit.form.line("next"), _kept(visit)
        session, problem = await self._begin(visit, email)
        if problem:
            return visit.page(
                "practice/login.html", status=400, email=email, next=after, problem=problem, kept=kept
            )
        path = own_path(visit.form.line(KEPT_PATH), "")
        response = await self._go_on(visit, session, path) if path else go_to(own_path(after, _HOME))
        cookies.keep(response, cookies.STAFF, session)
        return response

    async def _go_on(self, visit: Visit, session: str, path: str) -> Response:
        """What was typed goes on with whoever typed it, and with nobody else."""
        person = await self._people.person(session, present=True)
        is_theirs = cookies.read(visit.request, cookies.STAFF_MEMBER) == person.id
        return visit.page("practice/go_on.html", path=path, kept=_kept(visit) if is_theirs else [])

    async def again_form(self, visit: Visit) -> Response:
        """The form that covers a page whose session has ended."""
        return visit.page("practice/parts/again.html", email="", problem="")

    async def log_in_again(self, visit: Visit) -> Response:
        """The same for a page that stays open: it goes on with the new session."""
        email = visit.form.line("email")
        session, problem = await self._begin(visit, email)
        if problem:
            return visit.page("practice/parts/again.html", status=400, email=email, problem=problem)
        response = Response(status_code=204)
        cookies.keep(response, cookies.STAFF, session)
        return response

    async def log_out(self, visit: Visit, person: Person) -> Response:
        """End the session here and at identity."""
        await person.ask(self._services.sessions.EndSession, EndSessionRequest(session_id=person.session_id))
        self._people.forget(cookies.read(visit.request, cookies.STAFF))
        response = go_to("/practice/login")
        cookies.drop(response, cookies.STAFF)
        return response

    async def _begin(self, visit: Visit, email: str) -> tuple[str, str]:
        """A new session's secret, or why there is none. One that was open in this browser before ends."""
        client = client_network(visit.request, self._trusted_proxies)
        too_often = self._limit.take(client)
        if too_often is not None:
            return "", visit.words.say(_TOO_OFTEN, seconds=too_often.seconds)
        request = LoginStaffRequest(email=email, password=visit.form.text("password"))
        try:
            begun = await answered(self._services.sessions.LoginStaff(request))
        except Refusal as refusal:
            if refusal.reason == "TOO_MANY_ATTEMPTS":
                seconds = refusal.metadata.get("retry_after_seconds", "")
                return "", visit.words.say(_TOO_OFTEN, seconds=seconds)
            return "", visit.words.say(_WRONG)
        self._limit.give_back(client)
        await self._endings.end(cookies.read(visit.request, cookies.STAFF))
        return begun.session, ""


def _kept(visit: Visit) -> list[tuple[str, str]]:
    """What was typed into a form that was sent after the session had ended."""
    return [pair for pair in visit.form.pairs() if pair[0].startswith(KEPT) or pair[0] == KEPT_PATH]
