"""How staff come in and go out."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.sessions_pb2 import EndSessionRequest, LoginStaffRequest
from services.portal import cookies
from services.portal.people import Person, answered
from services.portal.routing import Routing, own_path
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to

_HOME: Final = "/practice/inbox"


class Entrance:
    """The pages of logging in and out."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services
        self._people = tools.people

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.everybody("/practice/login", self.form),
            routing.everybody("/practice/login", self.log_in, methods=["POST"]),
            routing.staff("/practice/logout", self.log_out, methods=["POST"]),
        ]

    async def form(self, visit: Visit) -> Response:
        """The empty form."""
        return visit.page("practice/login.html", email="", next=visit.query("next"), refusal=None)

    async def log_in(self, visit: Visit) -> Response:
        """Check what was typed and begin a session."""
        email, after = visit.form.line("email"), visit.form.line("next")
        request = LoginStaffRequest(email=email, password=visit.form.text("password"))
        try:
            answer = await answered(self._services.sessions.LoginStaff(request))
        except Refusal as refusal:
            return visit.page("practice/login.html", status=400, email=email, next=after, refusal=refusal)
        response = go_to(own_path(after, _HOME))
        cookies.keep(response, cookies.STAFF, answer.session)
        return response

    async def log_out(self, visit: Visit, person: Person) -> Response:
        """End the session here and at identity."""
        await person.ask(self._services.sessions.EndSession, EndSessionRequest(session_id=person.session_id))
        self._people.forget(cookies.read(visit.request, cookies.STAFF))
        response = go_to("/practice/login")
        cookies.drop(response, cookies.STAFF)
        return response
