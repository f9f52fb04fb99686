"""The own access of somebody who works in a practice: how it begins, and what belongs to it."""

from starlette.routing import Route

from services.portal.practice.own.invitation import Invitation
from services.portal.practice.own.profile import Profile
from services.portal.routing import Routing
from services.portal.tools import Tools


def own_routes(routing: Routing, tools: Tools) -> list[Route]:
    """All pages of the own access."""
    return [*Invitation(tools).routes(routing), *Profile(tools).routes(routing)]
