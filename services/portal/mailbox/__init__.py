"""The patients' side: how a person comes in, the mailbox, and the own account."""

from starlette.routing import Route

from services.portal.mailbox.account import account_routes
from services.portal.mailbox.entrance import entrance_routes
from services.portal.mailbox.gate import Gate
from services.portal.mailbox.landing import Landing
from services.portal.mailbox.listing import Listing
from services.portal.mailbox.live import Live
from services.portal.mailbox.message import MessagePage
from services.portal.routing import Routing
from services.portal.tools import Tools


def mailbox_routes(routing: Routing, tools: Tools) -> list[Route]:
    """All pages of patients and their representatives."""
    gate = Gate(tools)
    return [
        *Landing(tools).routes(routing),
        *entrance_routes(routing, tools, gate),
        *account_routes(routing, tools, gate),
        *Listing(tools).routes(routing),
        *MessagePage(tools).routes(routing),
        *Live(tools).routes(routing),
    ]
