"""The language of the pages, as somebody chose it in this browser."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from services.portal import cookies
from services.portal.routing import Routing, own_path
from services.portal.visits import Visit, go_to
from services.portal.words import LANGUAGES

_KEPT_SECONDS: Final = 365 * 24 * 3600


class Languages:
    """The choice at the foot of each patient's page."""

    def routes(self, routing: Routing) -> list[Route]:
        """Its path."""
        return [routing.everybody("/language", self.choose, methods=["POST"])]

    async def choose(self, visit: Visit) -> Response:
        """Keep the choice for a year and show the page again."""
        response = go_to(own_path(visit.form.line("next"), "/"))
        chosen = visit.form.line("language")
        if chosen in LANGUAGES:
            keep_language(response, chosen)
        return response


def keep_language(response: Response, language: str) -> None:
    """Show the pages in this language in this browser, for a year."""
    cookies.keep(response, cookies.LANGUAGE, language, seconds=_KEPT_SECONDS)
