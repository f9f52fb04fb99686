"""What waits for somebody of the practice, as one list, and what is unread and due, to print and call."""

from starlette.routing import Route

from services.portal.practice.tasks.due import Due
from services.portal.practice.tasks.listing import Tasks
from services.portal.routing import Routing
from services.portal.tools import Tools


def tasks_routes(routing: Routing, tools: Tools) -> list[Route]:
    """All its pages."""
    return [*Tasks(tools).routes(routing), *Due(tools).routes(routing)]
