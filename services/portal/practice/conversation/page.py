"""The page of a conversation: the texts come when a person looks, and the ticks change while it is open."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.messaging.v1.messaging_pb2 import ConversationState
from praxispost.messaging.v1.work_pb2 import GetTaskCountsRequest
from services.portal.people import Person
from services.portal.practice.conversation.reading import Known, Page, Reading
from services.portal.practice.conversation.said import said
from services.portal.practice.inbox.rows import writing_now
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit

PATH: Final = "/practice/conversations/{conversation_id}"


class ConversationPage:
    """The page and its parts."""

    def __init__(self, tools: Tools, reading: Reading) -> None:
        self._services = tools.services
        self._reading = reading

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(PATH, self.show),
            routing.staff(f"{PATH}/state", self.state),
            routing.staff(f"{PATH}/messages", self.receipts),
            routing.staff(f"{PATH}/messages", self.open_page, methods=["POST"]),
            routing.staff(f"{PATH}/messages/{{message_id}}/text", self.open_one, methods=["POST"]),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """The page without texts: to look at an address opens nothing."""
        known = await self._reading.known(visit, person)
        return await self._page(visit, person, known, None)

    async def state(self, visit: Visit, person: Person) -> Response:
        """What stands above the messages, again."""
        known = await self._reading.known(visit, person)
        self._share(visit, person, known)
        return visit.page("practice/conversation/state.html")

    async def receipts(self, visit: Visit, person: Person) -> Response:
        """Messages again, without texts: the page keeps those that it has, and what is new stays closed."""
        known = await self._reading.known(visit, person)
        page = await self._reading.closed(visit, person, known, visit.query("page"))
        return visit.page("practice/conversation/bubbles.html", bubbles=page.bubbles, known=known)

    async def open_page(self, visit: Visit, person: Person) -> Response:
        """Messages with their texts, the newest or older ones."""
        known = await self._reading.known(visit, person)
        token = visit.form.line("page")
        page = await self._reading.opened(visit, person, known, token)
        if _is_navigation(visit):
            return await self._page(visit, person, known, page)
        return visit.page("practice/conversation/messages.html", known=known, page=page, token=token)

    async def open_one(self, visit: Visit, person: Person) -> Response:
        """The text of one message that came while the page was open."""
        if _is_navigation(visit):
            return await self.open_page(visit, person)
        message_id = visit.argument("message_id")
        try:
            texts = await self._reading.texts(person, [message_id])
        except Refusal as refusal:
            if refusal.reason in ("MESSAGE_NOT_FOUND", "INVALID_FIELD"):
                raise HTTPException(404) from refusal
            raise
        return visit.page("practice/conversation/text.html", text=texts.get(message_id))

    async def _page(self, visit: Visit, person: Person, known: Known, page: Page | None) -> Response:
        counts = await person.ask(self._services.work.GetTaskCounts, GetTaskCountsRequest())
        self._share(visit, person, known)
        return visit.page(
            "practice/conversation/page.html",
            badge=sum(each.count for each in counts.counts),
            notice=said(visit.words, visit.query("said")),
            page=page,
            token=visit.form.line("page"),
        )

    def _share(self, visit: Visit, person: Person, known: Known) -> None:
        """What the page and its head show."""
        conversation = known.conversation
        visit.shared["person"] = person
        visit.shared["known"] = known
        visit.shared["is_done"] = conversation.state == ConversationState.CONVERSATION_STATE_DONE
        visit.shared["writing"] = writing_now(conversation, known.colleagues, person.id, visit.now)


def _is_navigation(visit: Visit) -> bool:
    return visit.request.headers.get("sec-fetch-mode", "navigate") == "navigate"
