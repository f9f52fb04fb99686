"""Pages that only explain: which way in is the right one, and what to do about a new number."""

from starlette.responses import Response
from starlette.routing import Route

from services.portal.routing import Routing
from services.portal.visits import Visit


class Advice:
    """The same for everybody; no practice is known here, so none is named."""

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [routing.everybody("/help", self.help), routing.everybody("/new-number", self.new_number)]

    async def help(self, visit: Visit) -> Response:
        """Short questions, each with the way on."""
        return visit.page("mailbox/entrance/help.html")

    async def new_number(self, visit: Visit) -> Response:
        """What can be done with the old number at hand, and without."""
        return visit.page("mailbox/entrance/new_number.html")
