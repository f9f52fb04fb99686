"""Who writes to a patient right now: told to colleagues, and shown of them."""

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.messaging.v1.work_pb2 import AnnounceAnsweringRequest, GetConversationRequest
from services.portal.people import Person
from services.portal.practice.inbox.rows import writing_now
from services.portal.practice.names import Names
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit


class Answering:
    """What the page's script tells and asks; without a conversation there is nobody to tell."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services
        self._names = Names(tools.services)

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        path = "/practice/conversations/{conversation_id}/writing"
        return [
            routing.staff(path, self.show),
            routing.staff(path, self.announce, methods=["POST"]),
        ]

    async def announce(self, visit: Visit, person: Person) -> Response:
        """Say that somebody writes, or has stopped; it is forgotten by itself after a minute."""
        request = AnnounceAnsweringRequest(
            conversation_id=visit.argument("conversation_id"), stopped=visit.form.has("stopped")
        )
        try:
            await person.ask(self._services.work.AnnounceAnswering, request)
        except Refusal as refusal:
            if refusal.reason != "CONVERSATION_NOT_FOUND":
                raise
        return Response(status_code=204)

    async def show(self, visit: Visit, person: Person) -> Response:
        """The colleagues who write to this patient at this moment."""
        request = GetConversationRequest(conversation_id=visit.argument("conversation_id"))
        found = await person.ask(self._services.work.GetConversation, request)
        colleagues = await self._names.colleagues(person, visit.words)
        writing = writing_now(found.conversation, colleagues, person.id, visit.now)
        return visit.page("practice/writing/answering.html", writing=writing)
