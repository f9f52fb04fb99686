"""The mailbox: the messages of all practices to all for whom a person reads, the unread ones first."""

import asyncio
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.accounts_pb2 import BindingOffer, GetAccountRequest
from praxispost.messaging.v1.messaging_pb2 import ListMailboxRequest, ListMailboxResponse
from services.portal.mailbox.entries import entries
from services.portal.mailbox.offers import open_offers
from services.portal.mailbox.recipients import Recipient, Recipients
from services.portal.people import Person
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to

_PATH: Final = "/mailbox"
_PAGE: Final = 30
_WHOLE: Final = "mailbox/list.html"


class Listing:
    """The list. Whatever it returns has been shown to the person: messaging makes that a receipt."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [routing.account(_PATH, self.show), routing.account(f"{_PATH}/list", self.again)]

    async def show(self, visit: Visit, person: Person) -> Response:
        """The page."""
        if "prefetch" in visit.request.headers.get("sec-purpose", "") or visit.request.method == "HEAD":
            # A browser that guesses where somebody will go next shows nothing to anybody.
            return Response(status_code=204)
        return await self._answer(visit, person, _WHOLE)

    async def again(self, visit: Visit, person: Person) -> Response:
        """The list alone, for the page's script, which asks for it only while the page is seen."""
        return await self._answer(visit, person, "mailbox/parts/list.html")

    async def _answer(self, visit: Visit, person: Person, template: str) -> Response:
        try:
            (recipients, chosen, listed), offers = await asyncio.gather(
                self._found(visit, person), self._offers(person, template)
            )
        except Refusal as refusal:
            if refusal.reason != "INVALID_FIELD":
                raise
            return go_to(_PATH)
        unread = recipients.unread({each.patient_id: each.count for each in listed.unread})
        return visit.page(
            template,
            offers=offers,
            recipients=recipients,
            chosen=chosen,
            unread=unread,
            entries=entries(listed.messages, recipients, visit.words, visit.now),
            here=_query(chosen, visit.query("after")),
            older=_query(chosen, listed.next_page_token) if listed.next_page_token else "",
            beginning=_query(chosen, ""),
            is_beginning=not visit.query("after"),
        )

    async def _offers(self, person: Person, template: str) -> Sequence[BindingOffer]:
        """Further practices to confirm, said above the list."""
        return (await open_offers(self._services, person) or ()) if template == _WHOLE else ()

    async def _found(
        self, visit: Visit, person: Person
    ) -> tuple[Recipients, Recipient | None, ListMailboxResponse]:
        """Both at once, unless it depends on the bindings whose messages are wanted."""
        after, key = visit.query("after"), visit.query("for")
        account = person.ask(self._services.accounts.GetAccount, GetAccountRequest())
        if not key:
            known, listed = await asyncio.gather(account, self._page(person, None, after))
            return Recipients(known.bindings), None, listed
        recipients = Recipients((await account).bindings)
        chosen = recipients.chosen(key)
        return recipients, chosen, await self._page(person, chosen, after)

    async def _page(self, person: Person, chosen: Recipient | None, after: str) -> ListMailboxResponse:
        request = ListMailboxRequest(page_size=_PAGE, page_token=after, unread_first=True)
        if chosen is not None:
            request.patient_ids.extend(sorted(chosen.patient_ids))
        return await person.ask(self._services.messaging.ListMailbox, request)


def _query(chosen: Recipient | None, after: str) -> str:
    """What stands behind the path for this choice and this page."""
    fields = ({"for": chosen.key} if chosen is not None else {}) | ({"after": after} if after else {})
    return f"?{urlencode(fields)}" if fields else ""
