"""Where else one is logged in, and the end of it."""

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.sessions_pb2 import EndSessionRequest, ListSessionsRequest
from services.portal.mailbox.account.settings import SETTINGS, saved
from services.portal.people import Person
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit


class Sessions:
    """Ends sessions; the settings list them."""

    def __init__(self, tools: Tools) -> None:
        self._sessions = tools.services.sessions

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.account(f"{SETTINGS}/sessions/others/end", self.end_others, methods=["POST"]),
            routing.account(f"{SETTINGS}/sessions/{{session_id}}/end", self.end, methods=["POST"]),
        ]

    async def end(self, visit: Visit, person: Person) -> Response:
        """One of them; one that is over already is what was wanted."""
        await self._end(person, visit.argument("session_id"))
        return saved("session")

    async def end_others(self, visit: Visit, person: Person) -> Response:
        """All but the one that asks."""
        request = ListSessionsRequest(page_size=200)
        for session in (await person.ask(self._sessions.ListSessions, request)).sessions:
            if not session.current:
                await self._end(person, session.id)
        return saved("sessions")

    async def _end(self, person: Person, session_id: str) -> None:
        try:
            await person.ask(self._sessions.EndSession, EndSessionRequest(session_id=session_id))
        except Refusal as refusal:
            if refusal.reason != "SESSION_NOT_FOUND":
                raise
