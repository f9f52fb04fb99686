"""A conversation on paper, for the record of the practice."""

from starlette.routing import Route

from services.portal.practice.printing.page import PrintedConversation
from services.portal.routing import Routing
from services.portal.tools import Tools


def printing_routes(routing: Routing, tools: Tools) -> list[Route]:
    """All its pages."""
    return PrintedConversation(tools).routes(routing)
