"""What an open page of the practice follows: the stream of hints, and the count of what needs somebody."""

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from praxispost.messaging.v1.work_pb2 import GetTaskCountsRequest
from services.portal.hints import Following, Hints
from services.portal.people import Person
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit


class Live:
    """The stream and the badge."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._following = Following()

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff("/practice/events", self.events),
            routing.staff("/practice/badge", self.badge),
            routing.staff("/practice/person", self.person),
        ]

    async def events(self, visit: Visit, person: Person) -> Response:
        """The hints, until the page is closed or the session ends."""
        return Hints(self._tools, person, self._following).response()

    async def badge(self, visit: Visit, person: Person) -> Response:
        """How much needs somebody."""
        counts = await person.ask(self._tools.services.work.GetTaskCounts, GetTaskCountsRequest())
        return visit.page("parts/badge.html", badge=sum(each.count for each in counts.counts))

    async def person(self, visit: Visit, person: Person) -> Response:
        """Whose session it is, for a page that was locked: it goes on only with the same person."""
        return PlainTextResponse(person.id)
