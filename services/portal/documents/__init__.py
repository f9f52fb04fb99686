"""How documents travel through the portal: up from a browser, down to one, and into a frame to look at."""

from starlette.routing import Route

from services.portal.documents.downloads import Downloads
from services.portal.documents.uploads import Uploads
from services.portal.routing import Routing
from services.portal.tools import Tools


def document_routes(routing: Routing, tools: Tools) -> list[Route]:
    """All paths of documents, for both sides."""
    return [
        *Uploads(tools).routes(routing),
        *Downloads(tools).routes(routing),
    ]
