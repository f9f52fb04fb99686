"""The settings at a glance: contact data, password, language, practices, devices, and the end of it all."""

import asyncio
from collections.abc import Mapping
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from praxispost.identity.v1.account_changes_pb2 import SetLanguageRequest
from praxispost.identity.v1.accounts_pb2 import GetAccountRequest
from praxispost.identity.v1.practices_pb2 import Language
from praxispost.identity.v1.sessions_pb2 import ListSessionsRequest
from services.portal.mailbox.languages import keep_language
from services.portal.notices import Notice, done
from services.portal.people import Person
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import LANGUAGES, mark

SETTINGS: Final = "/settings"
_CODES: Final[Mapping[str, Language.ValueType]] = {
    "de": Language.LANGUAGE_GERMAN,
    "en": Language.LANGUAGE_ENGLISH,
}
_DONE: Final[Mapping[str, str]] = {
    "email": mark("Ihre neue E-Mail-Adresse gilt. Der alten haben wir Bescheid gesagt."),
    "mobile": mark("Ihre neue Handynummer gilt. Der alten haben wir Bescheid gesagt."),
    "password": mark("Ihr neues Passwort gilt. Auf allen anderen Geräten sind Sie abgemeldet."),
    "language": mark("Gespeichert."),
    "session": mark("Das Gerät ist abgemeldet."),
    "sessions": mark("Alle anderen Geräte sind abgemeldet."),
    "objected": mark("Diese Praxis kann Ihnen hier nicht mehr schreiben."),
    "welcome": mark("Diese Praxis kann Ihnen hier wieder schreiben."),
    "practice": mark("Die Praxis ist verknüpft."),
}


class Settings:
    """The page that leads to the others, and the language, which is set on it."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.account(SETTINGS, self.show),
            routing.account(f"{SETTINGS}/language", self.set_language, methods=["POST"]),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """All of it."""
        account, sessions = await asyncio.gather(
            person.ask(self._services.accounts.GetAccount, GetAccountRequest()),
            person.ask(self._services.sessions.ListSessions, ListSessionsRequest()),
        )
        return visit.page(
            "mailbox/account/settings.html",
            notice=_notice(visit),
            account=account,
            sessions=sessions.sessions,
            languages=[("de", "Deutsch"), ("en", "English")],
            language=next((name for name, value in _CODES.items() if value == account.language), "de"),
        )

    async def set_language(self, visit: Visit, person: Person) -> Response:
        """Of the codes and notices to the account, and of the pages in this browser."""
        chosen = visit.form.line("language")
        response = saved("language")
        if chosen in LANGUAGES:
            request = SetLanguageRequest(language=_CODES[chosen])
            await person.ask(self._services.account_changes.SetLanguage, request)
            keep_language(response, chosen)
        return response


def saved(what: str) -> Response:
    """Back to the settings, which say what was done."""
    return go_to(f"{SETTINGS}?done={what}")


def _notice(visit: Visit) -> Notice | None:
    text = _DONE.get(visit.query("done"))
    return None if text is None else done(visit.words.say(text))
