"""Asking identity, over real gRPC, where a prompt goes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from chassis.grpc_client import channel
from chassis.refusal import Refusal, Status
from chassis.service_tokens import ServiceTokens
from praxispost.identity.v1 import patients_pb2, practices_pb2
from services.notifier.language import Language
from services.notifier.prompts.contacts import Contact, ContactMissing, ContactsUnavailable
from services.notifier.prompts.identity import IdentityContacts
from tests.integration.notifier.identity_stand_in import ACCOUNT_ID, SECRET, Identity, identity, refused


@contextlib.asynccontextmanager
async def _contacts(target: str, secret: str = SECRET) -> AsyncIterator[IdentityContacts]:
    bare = channel(target, tokens=None, audience="identity")
    with_token = channel(target, tokens=ServiceTokens(bare, ACCOUNT_ID, secret), audience="identity")
    try:
        yield IdentityContacts(with_token)
    finally:
        await with_token.close()
        await bare.close()


async def _fails(stand_in: Identity, answer: Refusal | ValueError, expected: type[Exception]) -> None:
    stand_in.answer = answer
    async with _contacts(stand_in.target) as contacts:
        with pytest.raises(expected):
            await contacts.resolve(uuid4(), uuid4())


async def test_a_contact_is_asked_for_with_the_notifiers_own_token() -> None:
    practice_id, patient_id = uuid4(), uuid4()
    async with identity() as stand_in, _contacts(stand_in.target) as contacts:
        stand_in.answer = patients_pb2.ResolveContactResponse(
            email="erika@mail.example",
            contact_version=3,
            language=practices_pb2.LANGUAGE_ENGLISH,
            prompt_name="Praxis Müller",
            phone="030 123456",
        )
        found = await contacts.resolve(practice_id, patient_id)
        [(asker, request)] = stand_in.asked
    assert found == Contact("erika@mail.example", 3, Language.ENGLISH, "Praxis Müller", "030 123456")
    assert (asker.role, asker.subject_id) == ("notifier", ACCOUNT_ID)
    assert (request.practice_id, request.patient_id) == (str(practice_id), str(patient_id))


@pytest.mark.parametrize(
    ("status", "reason"),
    [(Status.NOT_FOUND, "PATIENT_NOT_FOUND"), (Status.FAILED_PRECONDITION, "CONTACT_MISSING")],
)
async def test_a_patient_who_is_gone_or_has_no_address_is_missing(status: Status, reason: str) -> None:
    async with identity() as stand_in:
        await _fails(stand_in, refused(status, reason), ContactMissing)


async def test_any_other_failure_of_identity_is_passing() -> None:
    async with identity() as stand_in:
        await _fails(stand_in, refused(Status.RESOURCE_EXHAUSTED, "OVERLOADED"), ContactsUnavailable)
        await _fails(stand_in, ValueError("a fault of identity's"), ContactsUnavailable)


async def test_a_refused_secret_is_passing_since_an_operator_can_mend_it() -> None:
    async with identity() as stand_in, _contacts(stand_in.target, "falsch") as contacts:
        with pytest.raises(ContactsUnavailable):
            await contacts.resolve(uuid4(), uuid4())
        assert stand_in.asked == []


async def test_identity_that_cannot_be_reached_is_passing() -> None:
    async with identity() as stand_in:
        target = stand_in.target
    async with _contacts(target) as contacts:
        with pytest.raises(ContactsUnavailable):
            await contacts.resolve(uuid4(), uuid4())


async def _ask(contacts: IdentityContacts, patients: list[UUID]) -> list[object]:
    """For all of them at the same moment."""
    practice_id = uuid4()
    asking = (contacts.resolve(practice_id, each) for each in patients)
    return [type(each) for each in await asyncio.gather(*asking, return_exceptions=True)]


async def test_who_asks_at_the_same_time_asks_in_few_calls_and_each_has_an_answer_of_its_own() -> None:
    async with identity() as stand_in, _contacts(stand_in.target) as contacts:
        found = await _ask(contacts, [uuid4() for _ in range(20)])
        assert len(stand_in.asked) + len(stand_in.asked_together) < 6
    # The stand-in leaves out the first of each call, as if it had no contact data.
    assert found.count(ContactMissing) == len(stand_in.asked_together)
    assert found.count(Contact) == 20 - found.count(ContactMissing)


async def test_one_record_that_cannot_be_read_does_not_keep_the_others_from_their_contacts() -> None:
    patients = [uuid4() for _ in range(20)]
    async with identity() as stand_in, _contacts(stand_in.target) as contacts:
        stand_in.poison = str(patients[7])
        found = await _ask(contacts, patients)
    assert found[7] is ContactsUnavailable
    assert ContactsUnavailable not in found[:7] + found[8:]


async def test_an_identity_of_the_version_before_is_asked_for_each() -> None:
    async with identity(is_old=True) as stand_in, _contacts(stand_in.target) as contacts:
        assert await _ask(contacts, [uuid4() for _ in range(20)]) == [Contact] * 20
        assert len(stand_in.asked) == 20


async def test_identity_that_refuses_several_for_now_is_not_asked_for_each() -> None:
    async with identity() as stand_in, _contacts(stand_in.target) as contacts:
        stand_in.answer = refused(Status.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert await _ask(contacts, [uuid4() for _ in range(20)]) == [ContactsUnavailable] * 20
        assert len(stand_in.asked) < 6
