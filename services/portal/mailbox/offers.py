"""Practices that have the account's address and number, but are not read by it yet."""

from collections.abc import Sequence
from typing import Final

from chassis.refusal import Refusal
from praxispost.identity.v1.accounts_pb2 import BindingOffer, ListBindingOffersRequest
from services.portal.people import Person
from services.portal.services import Services

OFFERS: Final = "/practices"


async def open_offers(services: Services, person: Person) -> Sequence[BindingOffer] | None:
    """Those that wait to be confirmed; None where the last code by SMS is too long ago to say."""
    try:
        answer = await person.ask(services.accounts.ListBindingOffers, ListBindingOffersRequest())
    except Refusal as refusal:
        if refusal.reason != "SMS_PROOF_TOO_OLD":
            raise
        return None
    return answer.offers
