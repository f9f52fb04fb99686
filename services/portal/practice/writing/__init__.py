"""Writing to a patient: whom, what, and what is kept until it is sent."""

from starlette.routing import Route

from services.portal.practice.writing.answering import Answering
from services.portal.practice.writing.drafts import Drafts
from services.portal.practice.writing.recipients import Recipients
from services.portal.practice.writing.sheets import Sheets
from services.portal.practice.writing.writing import Writing
from services.portal.routing import Routing
from services.portal.tools import Tools


def writing_routes(routing: Routing, tools: Tools) -> list[Route]:
    """All pages around a message that is not sent yet."""
    sheets = Sheets(tools)
    return [
        *Recipients(tools, sheets).routes(routing),
        *Writing(tools, sheets).routes(routing),
        *Drafts(tools, sheets).routes(routing),
        *Answering(tools).routes(routing),
    ]
