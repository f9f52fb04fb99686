"""Where the link of a prompt leads: a page that reveals nothing and offers the ways in."""

from starlette.responses import Response
from starlette.routing import Route

from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit


class Landing:
    """The first page a patient sees."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [routing.everybody("/m", self.show), routing.everybody("/", self.show)]

    async def show(self, visit: Visit) -> Response:
        """The same for everybody; the reference in the fragment stays in the browser."""
        return visit.page("mailbox/landing.html")
