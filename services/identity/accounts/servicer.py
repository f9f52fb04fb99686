"""AccountService: from the contract to the use cases and back."""

from collections.abc import Mapping
from typing import Final

from chassis.rpc_context import caller
from chassis.validation import required_uuid
from praxispost.identity.v1 import accounts_pb2, accounts_pb2_grpc
from services.identity.accounts.domain import REPRESENTATIVE, SELF
from services.identity.accounts.offers import Offers
from services.identity.accounts.overview import BoundPatient, Overview
from services.identity.birth_dates import birth_date
from services.identity.language import language_value
from services.identity.times import timestamp

_KINDS: Final["Mapping[str, accounts_pb2.BindingKind.ValueType]"] = {
    SELF: accounts_pb2.BINDING_KIND_SELF,
    REPRESENTATIVE: accounts_pb2.BINDING_KIND_REPRESENTATIVE,
}


class AccountServicer(accounts_pb2_grpc.AccountServiceServicer):
    """Answers an account's person."""

    def __init__(self, overview: Overview, offers: Offers) -> None:
        self._overview = overview
        self._offers = offers

    async def GetAccount(
        self, request: accounts_pb2.GetAccountRequest, context: object
    ) -> accounts_pb2.GetAccountResponse:
        account = await self._overview.get(caller())
        return accounts_pb2.GetAccountResponse(
            account_id=str(account.id),
            email=account.contact.email,
            mobile=account.contact.mobile,
            bindings=[_binding(each) for each in account.bindings],
            sms_proof_ends_at=None
            if account.sms_proof_ends_at is None
            else timestamp(account.sms_proof_ends_at),
            language=language_value(account.contact.language),
        )

    async def ListBindingOffers(
        self, request: accounts_pb2.ListBindingOffersRequest, context: object
    ) -> accounts_pb2.ListBindingOffersResponse:
        offers = await self._offers.offers(caller())
        return accounts_pb2.ListBindingOffersResponse(
            offers=[
                accounts_pb2.BindingOffer(practice_id=str(each.practice_id), practice_name=each.practice_name)
                for each in offers
            ]
        )

    async def AcceptBindingOffer(
        self, request: accounts_pb2.AcceptBindingOfferRequest, context: object
    ) -> accounts_pb2.AcceptBindingOfferResponse:
        practice_id = required_uuid("practice_id", request.practice_id)
        born = birth_date("birth_date", request.birth_date)
        bound = await self._offers.accept(caller(), practice_id, born)
        return accounts_pb2.AcceptBindingOfferResponse(binding=_binding(bound))


def _binding(bound: BoundPatient) -> accounts_pb2.Binding:
    return accounts_pb2.Binding(
        practice_id=str(bound.practice_id),
        practice_name=bound.practice_name,
        practice_phone=bound.practice_phone,
        practice_absence_notice=bound.practice_absence_notice,
        practice_imprint_url=bound.practice_imprint_url,
        practice_privacy_url=bound.practice_privacy_url,
        patient_id=str(bound.patient_id),
        patient_given_name=bound.given_name,
        patient_family_name=bound.family_name,
        kind=_KINDS[bound.kind],
        bound_at=timestamp(bound.bound_at),
        objected=bound.objected,
    )
