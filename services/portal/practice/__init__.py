"""The practice's workspace: one module for each thing that staff do."""

from starlette.routing import Route

from services.portal.practice.administration import administration_routes
from services.portal.practice.conversation import conversation_routes
from services.portal.practice.entrance import Entrance
from services.portal.practice.inbox import inbox_routes
from services.portal.practice.live import Live
from services.portal.practice.own import own_routes
from services.portal.practice.patients import patients_routes
from services.portal.practice.printing import printing_routes
from services.portal.practice.tasks import tasks_routes
from services.portal.practice.writing import writing_routes
from services.portal.routing import Routing
from services.portal.tools import Tools


def practice_routes(routing: Routing, tools: Tools) -> list[Route]:
    """All pages of the practice."""
    return [
        *Entrance(tools).routes(routing),
        *inbox_routes(routing, tools),
        *conversation_routes(routing, tools),
        *Live(tools).routes(routing),
        *patients_routes(routing, tools),
        *own_routes(routing, tools),
        *writing_routes(routing, tools),
        *tasks_routes(routing, tools),
        *printing_routes(routing, tools),
        *administration_routes(routing, tools),
    ]
