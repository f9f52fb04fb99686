"""AccountChangeService: from the contract to the use cases and back."""

from typing import Final

from chassis.refusal import invalid
from chassis.rpc_context import caller
from chassis.validation import required_uuid
from praxispost.identity.v1 import account_changes_pb2, account_changes_pb2_grpc
from services.identity.account_changes.contact import ContactChanging, Wanted
from services.identity.account_changes.deletion import Deletion
from services.identity.account_changes.languages import Languages
from services.identity.account_changes.new_password import PasswordChanging
from services.identity.account_changes.objections import Objections
from services.identity.contact import email_address, mobile_number
from services.identity.language import language_code
from services.identity.times import timestamp

# A number without country code is read as in Germany, as at registration.
_REGION: Final = "DE"


class AccountChangeServicer(account_changes_pb2_grpc.AccountChangeServiceServicer):
    """Answers an account's person."""

    def __init__(
        self,
        contact: ContactChanging,
        password: PasswordChanging,
        languages: Languages,
        objections: Objections,
        deletion: Deletion,
    ) -> None:
        self._contact = contact
        self._password = password
        self._languages = languages
        self._objections = objections
        self._deletion = deletion

    async def StartContactChange(
        self, request: account_changes_pb2.StartContactChangeRequest, context: object
    ) -> account_changes_pb2.StartContactChangeResponse:
        ends = await self._contact.start(caller(), request.password, _wanted(request))
        return account_changes_pb2.StartContactChangeResponse(expires_at=timestamp(ends))

    async def ConfirmContactChange(
        self, request: account_changes_pb2.ConfirmContactChangeRequest, context: object
    ) -> account_changes_pb2.ConfirmContactChangeResponse:
        contact = await self._contact.confirm(caller(), request.code)
        return account_changes_pb2.ConfirmContactChangeResponse(email=contact.email, mobile=contact.mobile)

    async def ChangePassword(
        self, request: account_changes_pb2.ChangePasswordRequest, context: object
    ) -> account_changes_pb2.ChangePasswordResponse:
        ended = await self._password.change(caller(), request.password, request.new_password)
        return account_changes_pb2.ChangePasswordResponse(ended_sessions=ended)

    async def SetLanguage(
        self, request: account_changes_pb2.SetLanguageRequest, context: object
    ) -> account_changes_pb2.SetLanguageResponse:
        language = language_code("language", request.language)
        if language is None:
            raise invalid("language", "is required")
        await self._languages.set(caller(), language)
        return account_changes_pb2.SetLanguageResponse()

    async def ObjectToMessages(
        self, request: account_changes_pb2.ObjectToMessagesRequest, context: object
    ) -> account_changes_pb2.ObjectToMessagesResponse:
        practice_id = required_uuid("practice_id", request.practice_id)
        patient_id = required_uuid("patient_id", request.patient_id)
        await self._objections.object(caller(), practice_id, patient_id, request.objected)
        return account_changes_pb2.ObjectToMessagesResponse()

    async def DeleteAccount(
        self, request: account_changes_pb2.DeleteAccountRequest, context: object
    ) -> account_changes_pb2.DeleteAccountResponse:
        await self._deletion.delete(caller(), request.password)
        return account_changes_pb2.DeleteAccountResponse()


def _wanted(request: account_changes_pb2.StartContactChangeRequest) -> Wanted:
    match request.WhichOneof("contact"):
        case "email":
            return Wanted(email_address("email", request.email), None)
        case "mobile":
            return Wanted(None, mobile_number("mobile", request.mobile, _REGION))
    raise invalid("contact", "is required")
