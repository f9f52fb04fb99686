"""Asks identity where a prompt goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

from grpc import StatusCode, aio

from chassis import logs, trace_context
from chassis.gathering import Gathering
from chassis.grpc_client import refusal_of
from chassis.refusal import Refusal
from praxispost.identity.v1 import patients_pb2, patients_pb2_grpc, practices_pb2
from services.notifier.language import Language
from services.notifier.prompts.contacts import Contact, ContactMissing, ContactsUnavailable

# Practice and patient.
Record: TypeAlias = tuple[UUID, UUID]

DEADLINE: Final = 5.0
_MOST_AT_ONCE: Final = 100
_CALLS_AT_ONCE: Final = 2
_MOST_WAITING: Final = 1000
_NOT_TOGETHER: Final = frozenset(
    {StatusCode.INTERNAL, StatusCode.UNKNOWN, StatusCode.UNIMPLEMENTED, StatusCode.PERMISSION_DENIED}
)
_NOT_THERE: Final = frozenset({"PATIENT_NOT_FOUND", "CONTACT_MISSING"})
_LANGUAGES: Final = {
    practices_pb2.LANGUAGE_GERMAN: Language.GERMAN,
    practices_pb2.LANGUAGE_ENGLISH: Language.ENGLISH,
}
_LOG = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class _Wish:
    """A record whose contact is wanted, and the span that wants it."""

    record: Record
    traceparent: str


class IdentityContacts:
    """Identity's ResolveContacts over a channel that carries the notifier's own token."""

    def __init__(self, channel: aio.Channel) -> None:
        self._patients = patients_pb2_grpc.PatientServiceStub(channel)
        self._gathering: Gathering[_Wish, Contact] = Gathering(
            self._resolve, most=_MOST_AT_ONCE, at_once=_CALLS_AT_ONCE, most_waiting=_MOST_WAITING
        )

    async def resolve(self, practice_id: UUID, patient_id: UUID) -> Contact:
        """Return the patient's contact; who asks at the same time asks in one call.

        Raises ContactMissing and ContactsUnavailable.
        """
        return await self._gathering.carry_out(_Wish((practice_id, patient_id), trace_context.current()))

    async def _resolve(self, wishes: Sequence[_Wish]) -> list[Contact | Exception]:
        """Raises what only asking for each record alone can tell, or an identity of before can answer."""
        with trace_context.within(wishes[0].traceparent):
            if len(wishes) == 1:
                return [await self._resolve_one(*wishes[0].record)]
            return await self._resolve_together([each.record for each in wishes])

    async def _resolve_together(self, records: Sequence[Record]) -> list[Contact | Exception]:
        different = dict.fromkeys(records)
        request = patients_pb2.ResolveContactsRequest(records=[_request(*each) for each in different])
        try:
            answer = await self._patients.ResolveContacts(request, timeout=DEADLINE)
        except aio.AioRpcError as error:
            if error.code() in _NOT_TOGETHER:
                raise
            _LOG.warning("identity did not resolve contacts", error=error, code=error.code())
            return [ContactsUnavailable() for _ in records]
        except Refusal:  # no token to be had
            return [ContactsUnavailable() for _ in records]
        found = {(UUID(each.practice_id), UUID(each.patient_id)): each.contact for each in answer.contacts}
        return [_contact(found[each]) if each in found else ContactMissing() for each in records]

    async def _resolve_one(self, practice_id: UUID, patient_id: UUID) -> Contact:
        try:
            found = await self._patients.ResolveContact(_request(practice_id, patient_id), timeout=DEADLINE)
        except aio.AioRpcError as error:
            refusal = refusal_of(error)
            if refusal is not None and refusal.reason in _NOT_THERE:
                raise ContactMissing from None
            _LOG.warning("identity did not resolve a contact", error=error, code=error.code())
            raise ContactsUnavailable from None
        except Refusal as refusal:  # no token to be had
            raise ContactsUnavailable from refusal
        return _contact(found)


def _request(practice_id: UUID, patient_id: UUID) -> patients_pb2.ResolveContactRequest:
    return patients_pb2.ResolveContactRequest(practice_id=str(practice_id), patient_id=str(patient_id))


def _contact(found: patients_pb2.ResolveContactResponse) -> Contact:
    # A language that a newer identity knows is not a reason to write to nobody.
    language = _LANGUAGES.get(found.language, Language.GERMAN)
    return Contact(found.email, found.contact_version, language, found.prompt_name, found.phone)
