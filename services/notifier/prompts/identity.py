"""Asks identity where a prompt goes."""

from typing import Final
from uuid import UUID

from grpc import aio

from chassis import logs
from chassis.grpc_client import refusal_of
from chassis.refusal import Refusal
from praxispost.identity.v1 import patients_pb2, patients_pb2_grpc, practices_pb2
from services.notifier.language import Language
from services.notifier.prompts.contacts import Contact, ContactMissing, ContactsUnavailable

DEADLINE: Final = 5.0
_NOT_THERE: Final = frozenset({"PATIENT_NOT_FOUND", "CONTACT_MISSING"})
_LANGUAGES: Final = {
    practices_pb2.LANGUAGE_GERMAN: Language.GERMAN,
    practices_pb2.LANGUAGE_ENGLISH: Language.ENGLISH,
}
_LOG = logs.get(__name__)


class IdentityContacts:
    """Identity's ResolveContact over a channel that carries the notifier's own token."""

    def __init__(self, channel: aio.Channel) -> None:
        self._patients = patients_pb2_grpc.PatientServiceStub(channel)

    async def resolve(self, practice_id: UUID, patient_id: UUID) -> Contact:
        """Return the patient's contact. Raises ContactMissing and ContactsUnavailable."""
        request = patients_pb2.ResolveContactRequest(practice_id=str(practice_id), patient_id=str(patient_id))
        try:
            found = await self._patients.ResolveContact(request, timeout=DEADLINE)
        except aio.AioRpcError as error:
            refusal = refusal_of(error)
            if refusal is not None and refusal.reason in _NOT_THERE:
                raise ContactMissing from None
            _LOG.warning("identity did not resolve a contact", error=error, code=error.code())
            raise ContactsUnavailable from None
        except Refusal as refusal:  # no token to be had
            raise ContactsUnavailable from refusal
        # A language that a newer identity knows is not a reason to write to nobody.
        language = _LANGUAGES.get(found.language, Language.GERMAN)
        return Contact(found.email, found.contact_version, language, found.prompt_name, found.phone)
