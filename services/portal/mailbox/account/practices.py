"""Which practices write to the account's person: further ones are confirmed here, and each can be told to
stop."""

from collections.abc import Mapping
from datetime import UTC
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.account_changes_pb2 import ObjectToMessagesRequest
from praxispost.identity.v1.accounts_pb2 import AcceptBindingOfferRequest
from services.portal import cookies
from services.portal.mailbox.account.proof import ask_again
from services.portal.mailbox.account.settings import SETTINGS, saved
from services.portal.mailbox.gate import Gate
from services.portal.mailbox.offers import OFFERS, open_offers
from services.portal.mailbox.trouble import Trouble, at, refused
from services.portal.mailbox.typed import NO_DATE, birth_date_as_typed
from services.portal.people import Person
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import mark

_REFUSED: Final[Mapping[str, str]] = {
    "NOT_MATCHED": mark(
        "Dieses Geburtsdatum passt nicht zu den Angaben der Praxis. Nach drei falschen Angaben kann nur sie "
        "weiterhelfen: Rufen Sie sie unter der Ihnen bekannten Nummer an."
    ),
}


class Practices:
    """The page of offers, and objections to messages."""

    def __init__(self, tools: Tools, gate: Gate) -> None:
        self._services = tools.services
        self._people = tools.people
        self._gate = gate

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        one = f"{SETTINGS}/practices/{{practice_id}}/{{patient_id}}/messages"
        return [
            routing.account(OFFERS, self.offers),
            routing.account(f"{OFFERS}/{{practice_id}}", self.accept, methods=["POST"]),
            routing.account(f"{OFFERS}/{{practice_id}}", self.go_on),
            routing.account(one, self.set_messages, methods=["POST"]),
        ]

    async def offers(self, visit: Visit, person: Person) -> Response:
        """Practices that have the account's address and number and are not read here yet."""
        return await self._offers(visit, person)

    async def go_on(self, visit: Visit, person: Person) -> Response:
        """An offer's own address, as after a change of language."""
        return go_to(OFFERS)

    async def accept(self, visit: Visit, person: Person) -> Response:
        """Compare the birth date, and read this practice's messages too."""
        practice_id, form = visit.argument("practice_id"), visit.form
        born = birth_date_as_typed(
            form.line("day"), form.line("month"), form.line("year"), visit.now.astimezone(UTC).date()
        )
        trouble = at(visit.words, "birth_date", NO_DATE) if born is None else self._gate.tries(visit)
        if born is None or trouble is not None:
            return await self._offers(visit, person, trouble)
        request = AcceptBindingOfferRequest(practice_id=practice_id, birth_date=born.isoformat())
        try:
            await person.ask(self._services.accounts.AcceptBindingOffer, request)
        except Refusal as refusal:
            if refusal.reason == "SMS_PROOF_TOO_OLD":
                return ask_again(visit, OFFERS)
            if refusal.reason == "OFFER_NOT_FOUND":
                return go_to(OFFERS)
            return await self._offers(visit, person, refused(visit.words, refusal, _REFUSED))
        # What the tokens so far say of the account's practices is too little now.
        self._people.forget(cookies.read(visit.request, cookies.ACCOUNT))
        return saved("practice")

    async def set_messages(self, visit: Visit, person: Person) -> Response:
        """Object to a practice's messages, or take that back."""
        objected = visit.form.line("objected") == "yes"
        request = ObjectToMessagesRequest(
            practice_id=visit.argument("practice_id"),
            patient_id=visit.argument("patient_id"),
            objected=objected,
        )
        await person.ask(self._services.account_changes.ObjectToMessages, request)
        return saved("objected" if objected else "welcome")

    async def _offers(self, visit: Visit, person: Person, trouble: Trouble | None = None) -> Response:
        """`trouble` is about the practice of the address, where there is one."""
        offers = await open_offers(self._services, person)
        if offers is None:
            return ask_again(visit, OFFERS)
        return visit.page(
            "mailbox/account/practices.html",
            status=200 if trouble is None else trouble.status,
            trouble=trouble,
            typed=visit.form,
            offers=offers,
            tried=visit.request.path_params.get("practice_id", ""),
        )
