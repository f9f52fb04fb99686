"""Offers: how an existing account meets a new practice."""

from datetime import date, timedelta
from uuid import UUID, uuid4

from praxispost.identity.v1 import accounts_pb2
from tests.integration.identity.people import (
    ABSENCE,
    BORN,
    Person,
    a_patient,
    a_practice,
    finish_login,
    registered,
    somebody,
    start_login,
    state,
)
from tests.integration.identity.stage import Stage, reason, refusal

_OTHER_DAY = date(1990, 2, 28)


async def logged_in(stage: Stage, person: Person) -> str:
    login = await start_login(stage, person.email, person.password)
    return (await finish_login(stage, login, await stage.code())).session


async def an_account(stage: Stage) -> tuple[Person, str]:
    """A person with an account at one practice, logged in."""
    person = somebody()
    await a_patient(stage, await a_practice(stage, "Praxis am Park"), person)
    await registered(stage, person)
    return person, await logged_in(stage, person)


async def offers(stage: Stage, session: str) -> list[accounts_pb2.BindingOffer]:
    request = accounts_pb2.ListBindingOffersRequest()
    answer = await stage.accounts.ListBindingOffers(request, metadata=await stage.person(session))
    return list(answer.offers)


async def accept(stage: Stage, session: str, practice_id: UUID, born: date = BORN) -> accounts_pb2.Binding:
    request = accounts_pb2.AcceptBindingOfferRequest(
        practice_id=str(practice_id), birth_date=born.isoformat()
    )
    answer = await stage.accounts.AcceptBindingOffer(request, metadata=await stage.person(session))
    return answer.binding


async def account(stage: Stage, session: str) -> accounts_pb2.GetAccountResponse:
    request = accounts_pb2.GetAccountRequest()
    return await stage.accounts.GetAccount(request, metadata=await stage.person(session))


async def test_a_person_sees_the_own_account(stage: Stage) -> None:
    person, session = await an_account(stage)
    own = await account(stage, session)
    assert (own.email, own.mobile) == (person.email, person.mobile)
    (binding,) = own.bindings
    assert (binding.practice_name, binding.practice_phone) == ("Praxis am Park", "030 123456")
    assert binding.practice_absence_notice == ABSENCE
    assert (binding.patient_given_name, binding.patient_family_name) == ("Erika", "Beispiel")
    assert binding.kind == accounts_pb2.BINDING_KIND_SELF
    assert binding.bound_at.ToSeconds() == int(stage.clock().timestamp())


async def test_an_account_meets_a_new_practice(stage: Stage) -> None:
    person, session = await an_account(stage)
    assert await offers(stage, session) == []
    practice_id = await a_practice(stage, "Zahnärzte am Markt")
    patient_id = await a_patient(stage, practice_id, person)
    (offer,) = await offers(stage, session)
    assert (offer.practice_id, offer.practice_name) == (str(practice_id), "Zahnärzte am Markt")
    binding = await accept(stage, session, practice_id)
    assert (binding.practice_id, binding.patient_id) == (str(practice_id), str(patient_id))
    assert (await state(stage, practice_id, patient_id)).bound
    assert await offers(stage, session) == []
    assert len((await account(stage, session)).bindings) == 2


async def test_offers_come_by_the_practices_names(stage: Stage) -> None:
    person, session = await an_account(stage)
    for name in ("Praxis Zander", "Praxis Aal", "Praxis Karpfen"):
        await a_patient(stage, await a_practice(stage, name), person)
    names = [offer.practice_name for offer in await offers(stage, session)]
    assert names == ["Praxis Aal", "Praxis Karpfen", "Praxis Zander"]


async def test_an_old_code_offers_nothing(stage: Stage) -> None:
    person, session = await an_account(stage)
    practice_id = await a_practice(stage)
    await a_patient(stage, practice_id, person)
    stage.clock.advance(timedelta(minutes=9, seconds=59))
    assert len(await offers(stage, session)) == 1
    stage.clock.advance(timedelta(seconds=1))
    assert await reason(offers(stage, session)) == "SMS_PROOF_TOO_OLD"
    assert await reason(accept(stage, session, practice_id)) == "SMS_PROOF_TOO_OLD"
    assert len(await offers(stage, await logged_in(stage, person))) == 1


async def test_a_registration_is_a_fresh_proof_too(stage: Stage) -> None:
    person = somebody()
    await a_patient(stage, await a_practice(stage), person)
    session = (await registered(stage, person)).session
    assert await offers(stage, session) == []


async def test_a_pair_of_two_patients_is_not_offered(stage: Stage) -> None:
    person, session = await an_account(stage)
    practice_id = await a_practice(stage)
    await a_patient(stage, practice_id, person)
    await a_patient(stage, practice_id, person)
    assert await offers(stage, session) == []
    assert await reason(accept(stage, session, practice_id)) == "OFFER_NOT_FOUND"


async def test_three_wrong_birth_dates_end_the_offer(stage: Stage) -> None:
    person, session = await an_account(stage)
    practice_id = await a_practice(stage)
    patient_id = await a_patient(stage, practice_id, person)
    for _ in range(3):
        assert await reason(accept(stage, session, practice_id, _OTHER_DAY)) == "NOT_MATCHED"
    assert (await state(stage, practice_id, patient_id)).birth_date_locked
    assert await reason(accept(stage, session, practice_id)) == "OFFER_NOT_FOUND"
    assert await offers(stage, session) == []


async def test_foreign_and_absent_practices_offer_nothing(stage: Stage) -> None:
    _, session = await an_account(stage)
    foreign = await a_practice(stage)
    await a_patient(stage, foreign, somebody())
    for practice_id in (foreign, uuid4()):
        assert await reason(accept(stage, session, practice_id)) == "OFFER_NOT_FOUND"


async def test_a_bound_practice_offers_nothing_more(stage: Stage) -> None:
    _, session = await an_account(stage)
    bound = UUID((await account(stage, session)).bindings[0].practice_id)
    assert await reason(accept(stage, session, bound)) == "OFFER_NOT_FOUND"


async def test_malformed_fields_are_named(stage: Stage) -> None:
    _, session = await an_account(stage)
    for request, field in (
        (accounts_pb2.AcceptBindingOfferRequest(practice_id="x", birth_date="1961-04-12"), "practice_id"),
        (accounts_pb2.AcceptBindingOfferRequest(practice_id=str(uuid4()), birth_date="1961"), "birth_date"),
    ):
        call = stage.accounts.AcceptBindingOffer(request, metadata=await stage.person(session))
        assert [each.field for each in (await refusal(call)).fields] == [field]
