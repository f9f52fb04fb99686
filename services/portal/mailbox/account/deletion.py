"""The end of an account."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.account_changes_pb2 import DeleteAccountRequest
from praxispost.identity.v1.accounts_pb2 import GetAccountRequest
from services.portal import cookies
from services.portal.mailbox.account.proof import ask_again, is_fresh
from services.portal.mailbox.account.settings import SETTINGS
from services.portal.mailbox.gate import Gate
from services.portal.mailbox.trouble import Trouble, refused
from services.portal.people import Person
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import mark

_PATH: Final = f"{SETTINGS}/delete"
_REFUSED: Final[Mapping[str, str]] = {
    "TOO_MANY_ATTEMPTS": mark("Das Passwort war mehrmals falsch. Weiter geht es %(wait)s."),
    "PATIENT_CHANGED": mark("Gerade geschah zu viel auf einmal. Bitte versuchen Sie es noch einmal."),
}


class Deletion:
    """The page that says what it means, and does it."""

    def __init__(self, tools: Tools, gate: Gate) -> None:
        self._services = tools.services
        self._people = tools.people
        self._gate = gate

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [routing.account(_PATH, self.form), routing.account(_PATH, self.delete, methods=["POST"])]

    async def form(self, visit: Visit, person: Person) -> Response:
        """What it means, for whoever has shown the phone just now."""
        return await self._form(visit, person)

    async def delete(self, visit: Visit, person: Person) -> Response:
        """Delete the account, and forget it here."""
        trouble = self._gate.tries(visit)
        if trouble is not None:
            return await self._form(visit, person, trouble)
        request = DeleteAccountRequest(password=visit.form.text("password"))
        try:
            await person.ask(self._services.account_changes.DeleteAccount, request)
        except Refusal as refusal:
            if refusal.reason == "SMS_PROOF_TOO_OLD":
                return ask_again(visit, _PATH)
            return await self._form(visit, person, refused(visit.words, refusal, _REFUSED))
        self._people.forget(cookies.read(visit.request, cookies.ACCOUNT))
        response = go_to("/login?deleted=1")
        cookies.drop(response, cookies.ACCOUNT)
        return response

    async def _form(self, visit: Visit, person: Person, trouble: Trouble | None = None) -> Response:
        account = await person.ask(self._services.accounts.GetAccount, GetAccountRequest())
        if not is_fresh(visit, account):
            return ask_again(visit, _PATH)
        return visit.page(
            "mailbox/account/delete.html",
            status=200 if trouble is None else trouble.status,
            trouble=trouble,
            account=account,
        )
