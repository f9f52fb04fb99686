"""Begins a session in the browser, in the place of the one that was there."""

from typing import Final

from starlette.responses import Response

from chassis.grpc_client import AioRpcError
from chassis.refusal import Refusal
from services.portal import cookies
from services.portal.endings import Endings
from services.portal.mailbox.offers import OFFERS, open_offers
from services.portal.people import SessionEnded
from services.portal.tools import Tools
from services.portal.visits import Visit

HOME: Final = "/mailbox"


class Beginnings:
    """What all ways in end with."""

    def __init__(self, tools: Tools) -> None:
        self._people = tools.people
        self._services = tools.services
        self._endings = Endings(tools)

    async def begin(self, visit: Visit, response: Response, session: str) -> Response:
        """Keep the session's secret in the browser. One that was open here before ends."""
        await self._endings.end(cookies.read(visit.request, cookies.ACCOUNT))
        cookies.keep(response, cookies.ACCOUNT, session)
        return response

    async def first_page(self, session: str) -> str:
        """Where somebody goes who wanted to no page in particular: to further practices, where some wait."""
        try:
            person = await self._people.person(session, present=True)
            return OFFERS if await open_offers(self._services, person) else HOME
        except (SessionEnded, Refusal, AioRpcError):
            return HOME

    async def is_open(self, visit: Visit) -> bool:
        """Whether the browser has a session that can be gone on with; one of a practice's staff is none."""
        try:
            person = await self._people.person(cookies.read(visit.request, cookies.ACCOUNT), present=False)
        except (SessionEnded, AioRpcError):
            return False
        return person.role == "account"
