"""Another e-mail address or mobile number: password, a code to the new one, a word to the old one."""

from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.account_changes_pb2 import (
    ConfirmContactChangeRequest,
    StartContactChangeRequest,
)
from praxispost.identity.v1.accounts_pb2 import GetAccountRequest
from services.portal.mailbox.account.proof import ask_again, is_fresh
from services.portal.mailbox.account.settings import SETTINGS, saved
from services.portal.mailbox.gate import Gate
from services.portal.mailbox.trouble import FIELDS, Trouble, at, refused
from services.portal.mailbox.typed import code_as_typed
from services.portal.people import Person
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import mark

_PATH: Final = f"{SETTINGS}/contact"
_START: Final[Mapping[str, str]] = {
    "CONTACT_UNCHANGED": mark("Das haben Sie schon: Hier ist nichts zu ändern."),
    "CONTACT_CHANGED_LATELY": mark(
        "Zwischen einer neuen E-Mail-Adresse und einer neuen Nummer liegt zu Ihrem Schutz ein Tag. Weiter "
        "geht es %(wait)s. Eilt es, kann Ihre Praxis beides ändern."
    ),
    "TOO_MANY_CODES": mark("Dorthin gingen schon mehrere Codes. Ein neuer geht %(wait)s."),
    "TOO_MANY_ATTEMPTS": mark("Das Passwort war mehrmals falsch. Weiter geht es %(wait)s."),
}
_CONFIRM: Final[Mapping[str, str]] = {
    "CODE_REFUSED": mark(
        "Dieser Code stimmt nicht oder gilt nicht mehr. Nach fünf Versuchen brauchen Sie einen neuen."
    ),
    "CONTACT_TAKEN": mark(
        "Mit dieser E-Mail-Adresse und dieser Nummer gibt es schon ein Konto. Melden Sie sich dort an."
    ),
    "CONTACT_CHANGED_LATELY": _START["CONTACT_CHANGED_LATELY"],
    "PATIENT_CHANGED": mark("Gerade geschah zu viel auf einmal. Bitte versuchen Sie es noch einmal."),
}
_ENDED: Final = mark("Der Code gilt nicht mehr. Bitte beginnen Sie noch einmal.")


class Contact:
    """The two pages of a change, for either of them; `what` is "email" or "mobile"."""

    def __init__(self, tools: Tools, gate: Gate) -> None:
        self._services = tools.services
        self._gate = gate

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        one = f"{_PATH}/{{what}}"
        return [
            routing.account(one, self.form),
            routing.account(one, self.start, methods=["POST"]),
            routing.account(f"{one}/code", self.code_form),
            routing.account(f"{one}/code", self.confirm, methods=["POST"]),
        ]

    async def form(self, visit: Visit, person: Person) -> Response:
        """The empty form, for whoever has shown the phone just now."""
        return await self._form(visit, person)

    async def start(self, visit: Visit, person: Person) -> Response:
        """Check the password, and send a code to the new one."""
        what = _what(visit)
        trouble = self._gate.asks(visit)
        if trouble is not None:
            return await self._form(visit, person, trouble)
        new = visit.form.line(what)
        request = StartContactChangeRequest(password=visit.form.text("password"))
        if what == "email":
            request.email = new
        else:
            request.mobile = new
        try:
            await person.ask(self._services.account_changes.StartContactChange, request)
        except Refusal as refusal:
            if refusal.reason == "SMS_PROOF_TOO_OLD":
                return ask_again(visit, f"{_PATH}/{what}")
            return await self._form(visit, person, refused(visit.words, refusal, _START))
        return go_to(f"{_PATH}/{what}/code")

    async def code_form(self, visit: Visit, person: Person) -> Response:
        """The form for the code."""
        return _code_form(visit)

    async def confirm(self, visit: Visit, person: Person) -> Response:
        """Compare the code; the new one holds from now on."""
        what, code = _what(visit), code_as_typed(visit.form.line("code"))
        trouble = self._gate.tries(visit) if code else at(visit.words, "code", FIELDS["code"])
        if trouble is not None:
            return _code_form(visit, trouble)
        request = ConfirmContactChangeRequest(code=code)
        try:
            await person.ask(self._services.account_changes.ConfirmContactChange, request)
        except Refusal as refusal:
            if refusal.reason == "CONTACT_CHANGE_NOT_FOUND":
                return await self._form(visit, person, Trouble(visit.words.say(_ENDED)))
            return _code_form(visit, refused(visit.words, refusal, _CONFIRM))
        return saved(what)

    async def _form(self, visit: Visit, person: Person, trouble: Trouble | None = None) -> Response:
        what = _what(visit)
        account = await person.ask(self._services.accounts.GetAccount, GetAccountRequest())
        if not is_fresh(visit, account):
            return ask_again(visit, f"{_PATH}/{what}")
        return visit.page(
            "mailbox/account/contact.html",
            status=200 if trouble is None else trouble.status,
            trouble=trouble,
            typed=visit.form,
            what=what,
            account=account,
        )


def _what(visit: Visit) -> str:
    what = visit.argument("what")
    if what not in ("email", "mobile"):
        raise HTTPException(404)
    return what


def _code_form(visit: Visit, trouble: Trouble | None = None) -> Response:
    return visit.page(
        "mailbox/account/contact_code.html",
        status=200 if trouble is None else trouble.status,
        trouble=trouble,
        what=_what(visit),
    )
