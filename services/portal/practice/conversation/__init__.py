"""A conversation with a patient: what was written, what became of it, and what is done with it."""

from starlette.routing import Route

from services.portal.practice.conversation.held import HeldMessages
from services.portal.practice.conversation.message import MessagePage
from services.portal.practice.conversation.page import ConversationPage
from services.portal.practice.conversation.reading import Reading
from services.portal.practice.conversation.taking_back import TakingBack
from services.portal.practice.conversation.work import ConversationWork
from services.portal.routing import Routing
from services.portal.tools import Tools


def conversation_routes(routing: Routing, tools: Tools) -> list[Route]:
    """All its pages."""
    reading = Reading(tools.services)
    message = MessagePage(tools, reading)
    return [
        *ConversationPage(tools, reading).routes(routing),
        *ConversationWork(tools).routes(routing),
        *message.routes(routing),
        *TakingBack(tools, message).routes(routing),
        *HeldMessages(tools, message).routes(routing),
    ]
