"""What staff do with a conversation as a whole: finish it, reopen it, give it to somebody."""

from typing import TypeVar

from google.protobuf.message import Message
from grpc import aio
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.messaging.v1.work_pb2 import AssignRequest, MarkDoneRequest, ReopenRequest
from services.portal.people import Person
from services.portal.practice.conversation.page import PATH
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)
_SAID = {
    "ANSWERS_UNREAD": "answers-unread",
    "STAFF_MEMBER_NOT_FOUND": "nobody",
    "INVALID_FIELD": "nobody",
}


class ConversationWork:
    """The buttons above the messages."""

    def __init__(self, tools: Tools) -> None:
        self._work = tools.services.work

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(f"{PATH}/done", self.finish, methods=["POST"]),
            routing.staff(f"{PATH}/reopen", self.reopen, methods=["POST"]),
            routing.staff(f"{PATH}/assign", self.assign, methods=["POST"]),
        ]

    async def finish(self, visit: Visit, person: Person) -> Response:
        """Nothing is left to do."""
        request = MarkDoneRequest(conversation_id=_conversation(visit))
        return await self._do(visit, person, self._work.MarkDone, request, "done")

    async def reopen(self, visit: Visit, person: Person) -> Response:
        """Something is left to do after all."""
        request = ReopenRequest(conversation_id=_conversation(visit))
        return await self._do(visit, person, self._work.Reopen, request, "reopened")

    async def assign(self, visit: Visit, person: Person) -> Response:
        """Make it somebody's matter, or everybody's."""
        staff_id = visit.form.line("staff_id")
        request = AssignRequest(conversation_id=_conversation(visit), staff_id=staff_id)
        key = "assigned" if staff_id else "unassigned"
        return await self._do(visit, person, self._work.Assign, request, key)

    async def _do(
        self, visit: Visit, person: Person, method: "aio.UnaryUnaryMultiCallable[Q, R]", request: Q, key: str
    ) -> Response:
        try:
            await person.ask(method, request)
        except Refusal as refusal:
            if refusal.reason == "CONVERSATION_NOT_FOUND":
                raise HTTPException(404) from refusal
            if refusal.reason not in _SAID:
                raise
            key = _SAID[refusal.reason]
        return go_to(f"{PATH.format(conversation_id=_conversation(visit))}?said={key}")


def _conversation(visit: Visit) -> str:
    return visit.argument("conversation_id")
