"""Another password, for whoever knows the old one."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.account_changes_pb2 import ChangePasswordRequest
from services.portal.mailbox.account.settings import SETTINGS, saved
from services.portal.mailbox.gate import Gate
from services.portal.mailbox.trouble import Trouble, refused
from services.portal.people import Person
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit
from services.portal.words import mark

_PATH: Final = f"{SETTINGS}/password"
_REFUSED: Final[Mapping[str, str]] = {
    "TOO_MANY_ATTEMPTS": mark("Das Passwort war mehrmals falsch. Weiter geht es %(wait)s."),
    "PATIENT_CHANGED": mark("Gerade geschah zu viel auf einmal. Bitte versuchen Sie es noch einmal."),
}


class Password:
    """The one page of it."""

    def __init__(self, tools: Tools, gate: Gate) -> None:
        self._changes = tools.services.account_changes
        self._gate = gate

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [routing.account(_PATH, self.form), routing.account(_PATH, self.change, methods=["POST"])]

    async def form(self, visit: Visit, person: Person) -> Response:
        """The empty form."""
        return _form(visit)

    async def change(self, visit: Visit, person: Person) -> Response:
        """Change it."""
        trouble = self._gate.tries(visit)
        if trouble is not None:
            return _form(visit, trouble)
        request = ChangePasswordRequest(
            password=visit.form.text("password"), new_password=visit.form.text("new_password")
        )
        try:
            await person.ask(self._changes.ChangePassword, request)
        except Refusal as refusal:
            return _form(visit, refused(visit.words, refusal, _REFUSED, new_password="new_password"))
        return saved("password")


def _form(visit: Visit, trouble: Trouble | None = None) -> Response:
    return visit.page(
        "mailbox/account/password.html", status=200 if trouble is None else trouble.status, trouble=trouble
    )
