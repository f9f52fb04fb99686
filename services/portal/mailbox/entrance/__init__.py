"""How a patient comes in: register, log in, a forgotten password, a new number, and what else helps."""

from starlette.routing import Route

from services.portal.mailbox.entrance.advice import Advice
from services.portal.mailbox.entrance.beginnings import Beginnings
from services.portal.mailbox.entrance.login import Login
from services.portal.mailbox.entrance.not_for_me import NotForMe
from services.portal.mailbox.entrance.registration import Registration
from services.portal.mailbox.entrance.reset import Reset
from services.portal.mailbox.gate import Gate
from services.portal.mailbox.languages import Languages
from services.portal.routing import Routing
from services.portal.tools import Tools


def entrance_routes(routing: Routing, tools: Tools, gate: Gate) -> list[Route]:
    """All pages of the entrance."""
    beginnings = Beginnings(tools)
    return [
        *Registration(tools, gate, beginnings).routes(routing),
        *Login(tools, gate, beginnings).routes(routing),
        *Reset(tools, gate).routes(routing),
        *NotForMe(tools, gate).routes(routing),
        *Advice().routes(routing),
        *Languages().routes(routing),
    ]
