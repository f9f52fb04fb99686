"""The own account: what a person sees of it, and changes or ends."""

from starlette.routing import Route

from services.portal.mailbox.account.contact import Contact
from services.portal.mailbox.account.deletion import Deletion
from services.portal.mailbox.account.password import Password
from services.portal.mailbox.account.practices import Practices
from services.portal.mailbox.account.sessions import Sessions
from services.portal.mailbox.account.settings import Settings
from services.portal.mailbox.gate import Gate
from services.portal.routing import Routing
from services.portal.tools import Tools


def account_routes(routing: Routing, tools: Tools, gate: Gate) -> list[Route]:
    """All pages of the account."""
    return [
        *Settings(tools).routes(routing),
        *Contact(tools, gate).routes(routing),
        *Password(tools, gate).routes(routing),
        *Sessions(tools).routes(routing),
        *Practices(tools, gate).routes(routing),
        *Deletion(tools, gate).routes(routing),
    ]
