"""The inbox: all conversations of the practice, what needs somebody first."""

from starlette.routing import Route

from services.portal.practice.inbox.listing import Inbox
from services.portal.routing import Routing
from services.portal.tools import Tools


def inbox_routes(routing: Routing, tools: Tools) -> list[Route]:
    """All its pages."""
    return Inbox(tools).routes(routing)
