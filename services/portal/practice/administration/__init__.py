"""What an admin decides for the practice: who works in it, what patients see of it, which programs may
send."""

from starlette.responses import Response
from starlette.routing import Route

from services.portal.people import Person
from services.portal.practice.administration.programs import Programs
from services.portal.practice.administration.settings import Settings
from services.portal.practice.administration.staff import Staff
from services.portal.routing import ADMIN, Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to


def administration_routes(routing: Routing, tools: Tools) -> list[Route]:
    """All pages of the administration."""
    return [
        routing.staff("/practice/administration", _first, roles=ADMIN),
        *Staff(tools).routes(routing),
        *Settings(tools).routes(routing),
        *Programs(tools).routes(routing),
    ]


async def _first(visit: Visit, person: Person) -> Response:
    return go_to("/practice/administration/staff")
