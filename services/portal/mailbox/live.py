"""What an open page of the mailbox follows: the stream of hints; and a person's word to be still there."""

from starlette.responses import Response
from starlette.routing import Route

from services.portal.hints import Following, Hints
from services.portal.people import Person
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit


class Live:
    """The stream, and the answer to whether the session still is."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._following = Following()

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.account("/mailbox/events", self.events),
            routing.account("/mailbox/here", self.here, methods=["POST"]),
        ]

    async def events(self, visit: Visit, person: Person) -> Response:
        """The hints, until the page is closed or the session ends."""
        return Hints(self._tools, person, self._following).response()

    async def here(self, visit: Visit, person: Person) -> Response:
        """Somebody pressed or typed something, which alone keeps the session from ending by idleness."""
        return Response(status_code=204)
