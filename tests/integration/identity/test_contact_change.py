"""A person changes the own address or number: the new one proven, the old one told, bound records follow."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from chassis.tables import TABLES
from praxispost.identity.v1 import account_changes_pb2, accounts_pb2
from services.identity.patients.store import PatientStore
from services.identity.tables.practices import binding
from tests.integration.identity.people import (
    BORN,
    PASSWORD,
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
from tests.integration.identity.test_password_reset import start_reset, verify_reset

_WRONG = "ein falsches Passwort"


async def logged_in(stage: Stage, person: Person) -> str:
    login = await start_login(stage, person.email, person.password)
    return (await finish_login(stage, login, await stage.code())).session


async def a_bound_person(stage: Stage) -> tuple[Person, str, UUID, UUID]:
    """A person with an account, logged in, and the record that it is bound to."""
    person, practice_id = somebody(), await a_practice(stage)
    patient_id = await a_patient(stage, practice_id, person)
    session = (await registered(stage, person)).session
    await stage.notices()
    return person, session, practice_id, patient_id


async def start_change(
    stage: Stage, session: str, *, email: str = "", mobile: str = "", password: str = PASSWORD
) -> None:
    request = account_changes_pb2.StartContactChangeRequest(password=password)
    if email:
        request.email = email
    if mobile:
        request.mobile = mobile
    await stage.account_changes.StartContactChange(request, metadata=await stage.person(session))


async def confirm(stage: Stage, session: str, code: str) -> account_changes_pb2.ConfirmContactChangeResponse:
    request = account_changes_pb2.ConfirmContactChangeRequest(code=code)
    metadata = await stage.person(session)
    return await stage.account_changes.ConfirmContactChange(request, metadata=metadata)


async def record_contact(stage: Stage, practice_id: UUID, patient_id: UUID) -> tuple[str | None, str | None]:
    store = PatientStore(stage.keys, stage.proofs.contact, stage.proofs.search)
    async with stage.database.transaction((practice_id,)) as tx:
        found = await store.get(tx, practice_id, patient_id)
    assert found is not None
    return found.data.contact


async def mailboxes(stage: Stage, session: str) -> list[str]:
    """The patients that the session's account reads for."""
    request = accounts_pb2.GetAccountRequest()
    account = await stage.accounts.GetAccount(request, metadata=await stage.person(session))
    return [each.patient_id for each in account.bindings]


async def test_a_new_address_is_proven_the_old_one_told_and_the_record_follows(stage: Stage) -> None:
    person, session, practice_id, patient_id = await a_bound_person(stage)
    before, new = await state(stage, practice_id, patient_id), somebody()
    await start_change(stage, session, email=new.email)
    (to_new,) = await stage.notices()
    assert (to_new.kind, to_new.to.kind, to_new.to.value) == ("contact_code", "email", new.email)
    assert await record_contact(stage, practice_id, patient_id) == (person.email, person.mobile)

    changed = await confirm(stage, session, to_new.code)
    assert (changed.email, changed.mobile) == (new.email, person.mobile)
    (to_old,) = await stage.notices()
    assert (to_old.kind, to_old.to.value, to_old.code) == ("contact_changed", person.email, "")
    assert await record_contact(stage, practice_id, patient_id) == (new.email, person.mobile)
    after = await state(stage, practice_id, patient_id)
    assert (after.bound, after.contact_version) == (True, before.contact_version + 1)
    assert after.version > before.version
    assert await mailboxes(stage, session) == [str(patient_id)]
    assert await mailboxes(stage, await logged_in(stage, replace(person, email=new.email)))
    await stage.notices()
    await start_login(stage, person.email, PASSWORD)
    assert await stage.notices() == []


async def test_a_new_number_takes_the_place_of_the_old_one(stage: Stage) -> None:
    person, session, practice_id, patient_id = await a_bound_person(stage)
    elsewhere = await logged_in(stage, person)
    new = somebody()
    await start_change(stage, session, mobile=new.mobile)
    (to_new,) = await stage.notices()
    assert (to_new.to.kind, to_new.to.value) == ("mobile", new.mobile)
    await confirm(stage, session, to_new.code)
    (to_old,) = await stage.notices()
    assert (to_old.kind, to_old.to.kind, to_old.to.value) == ("contact_changed", "mobile", person.mobile)
    assert await record_contact(stage, practice_id, patient_id) == (person.email, new.mobile)
    assert await reason(start_change(stage, elsewhere, mobile=person.mobile)) == "SMS_PROOF_TOO_OLD"
    await start_login(stage, person.email, PASSWORD)
    assert [notice.to.value for notice in await stage.notices()] == [new.mobile]


async def test_the_change_is_audited_and_told_without_any_value(stage: Stage) -> None:
    person, session, practice_id, patient_id = await a_bound_person(stage)
    new = somebody()
    await start_change(stage, session, email=new.email)
    await confirm(stage, session, await stage.code())
    audit, outbox = TABLES.audit, TABLES.outbox
    async with stage.database.transaction((practice_id,)) as tx:
        actions = select(audit.c.action).where(audit.c.object_id == patient_id)
        assert "patient.contact_follows" in (await tx.execute(actions)).scalars().all()
        rows = [str(tuple(row)) for row in await tx.execute(select(outbox))]
    assert not any(new.email in row or person.email in row for row in rows)


async def test_what_was_under_way_with_the_old_pair_dies(stage: Stage) -> None:
    person, session, _, _ = await a_bound_person(stage)
    login = await start_login(stage, person.email, PASSWORD)
    login_code = await stage.code()
    reset = await start_reset(stage, person)
    reset_code = await stage.code()
    await start_change(stage, session, mobile=somebody().mobile)
    await confirm(stage, session, await stage.code())
    assert await reason(finish_login(stage, login, login_code)) == "LOGIN_REFUSED"
    assert await reason(verify_reset(stage, reset, reset_code)) == "RESET_NOT_FOUND"


async def test_a_record_whose_pair_differs_neither_follows_nor_stays_readable(stage: Stage) -> None:
    person, session, practice_id, patient_id = await a_bound_person(stage)
    store = PatientStore(stage.keys, stage.proofs.contact, stage.proofs.search)
    other = somebody()
    async with stage.database.transaction((practice_id,)) as tx:
        found = await store.get(tx, practice_id, patient_id, locked=True)
        assert found is not None
        data = replace(found.data, mobile=other.mobile)
        await store.replace(tx, found, data, release_birth_date=False)
    await start_change(stage, session, email=other.email)
    await confirm(stage, session, await stage.code())
    assert await record_contact(stage, practice_id, patient_id) == (person.email, other.mobile)
    assert await mailboxes(stage, session) == []
    assert not (await state(stage, practice_id, patient_id)).bound


async def test_records_that_are_not_bound_do_not_follow(stage: Stage) -> None:
    person, session, _, _ = await a_bound_person(stage)
    elsewhere = await a_practice(stage)
    unbound = await a_patient(stage, elsewhere, person)
    await start_change(stage, session, email=somebody().email)
    await confirm(stage, session, await stage.code())
    assert await record_contact(stage, elsewhere, unbound) == (person.email, person.mobile)


async def test_an_address_that_another_record_has_asks_who_reads_and_leaves_the_other_alone(
    stage: Stage,
) -> None:
    _, session, practice_id, patient_id = await a_bound_person(stage)
    spouse = somebody()
    spouse_id = await a_patient(stage, practice_id, spouse)
    spouse_session = (await registered(stage, spouse)).session
    await stage.notices()
    await start_change(stage, session, email=spouse.email)
    await confirm(stage, session, await stage.code())
    assert (await state(stage, practice_id, patient_id)).conflict
    untouched = await state(stage, practice_id, spouse_id)
    assert (untouched.conflict, untouched.bound) == (False, True)
    assert await mailboxes(stage, session) == [str(patient_id)]
    assert await mailboxes(stage, spouse_session) == [str(spouse_id)]


async def test_the_pair_of_another_account_is_refused_and_nothing_changes(stage: Stage) -> None:
    person, session, practice_id, patient_id = await a_bound_person(stage)
    other = replace(person, email=somebody().email)
    await a_patient(stage, await a_practice(stage), other)
    await registered(stage, other)
    await stage.notices()
    await start_change(stage, session, email=other.email)
    assert await reason(confirm(stage, session, await stage.code())) == "CONTACT_TAKEN"
    assert await record_contact(stage, practice_id, patient_id) == (person.email, person.mobile)
    assert await mailboxes(stage, session) == [str(patient_id)]
    async with stage.database.transaction((practice_id,)) as tx:
        pairs = select(binding.c.pair_index).where(binding.c.patient_id == patient_id)
        assert (await tx.execute(pairs)).scalars().all() == [
            stage.proofs.contact.pair(person.email, person.mobile)
        ]


async def test_wrong_codes_are_counted_and_end_the_change(stage: Stage) -> None:
    _, session, _, _ = await a_bound_person(stage)
    assert await reason(confirm(stage, session, "123456")) == "CONTACT_CHANGE_NOT_FOUND"
    await start_change(stage, session, email=somebody().email)
    code = await stage.code()
    for _ in range(5):
        assert await reason(confirm(stage, session, "guess")) == "CODE_REFUSED"
    assert await reason(confirm(stage, session, code)) == "CODE_REFUSED"


async def test_a_change_takes_the_place_of_the_one_before(stage: Stage) -> None:
    _, session, _, _ = await a_bound_person(stage)
    first, second = somebody(), somebody()
    await start_change(stage, session, email=first.email)
    old_code = await stage.code()
    await start_change(stage, session, email=second.email)
    code = await stage.code()
    if old_code != code:
        assert await reason(confirm(stage, session, old_code)) == "CODE_REFUSED"
    assert (await confirm(stage, session, code)).email == second.email


async def test_only_the_password_and_a_fresh_proof_begin_a_change(stage: Stage) -> None:
    person, session, _, _ = await a_bound_person(stage)
    new = somebody()
    assert await reason(start_change(stage, session, email=new.email, password=_WRONG)) == "PASSWORD_REFUSED"
    assert await reason(start_change(stage, session, email=person.email.upper())) == "CONTACT_UNCHANGED"
    assert await reason(start_change(stage, session, mobile=person.mobile)) == "CONTACT_UNCHANGED"
    for value in ({"email": "x"}, {"mobile": "x"}, {}):
        refused = await refusal(start_change(stage, session, **value))
        assert [each.field for each in refused.fields] == [next(iter(value), "contact")]
    stage.clock.advance(timedelta(minutes=10))
    assert await reason(start_change(stage, session, email=new.email)) == "SMS_PROOF_TOO_OLD"
    assert await stage.notices() == []


@pytest.mark.parametrize("first", ["email", "mobile"])
async def test_who_has_session_and_password_cannot_change_both_within_a_day(stage: Stage, first: str) -> None:
    person, session, practice_id, patient_id = await a_bound_person(stage)
    thief = somebody()
    values = {"email": thief.email, "mobile": thief.mobile}
    then = {key: value for key, value in values.items() if key != first}
    await start_change(stage, session, **{first: values[first]})
    await confirm(stage, session, (await stage.notices())[-1].code)
    await stage.notices()
    assert await reason(start_change(stage, session, **then)) == "CONTACT_CHANGED_LATELY"
    assert await stage.notices() == []
    pair = {"email": person.email, "mobile": person.mobile} | {first: values[first]}
    assert await record_contact(stage, practice_id, patient_id) == (pair["email"], pair["mobile"])
    stage.clock.advance(timedelta(days=1))
    later = await logged_in(stage, replace(person, **pair))
    await stage.notices()
    await start_change(stage, later, **then)
    await confirm(stage, later, (await stage.notices())[-1].code)
    assert await record_contact(stage, practice_id, patient_id) == (thief.email, thief.mobile)


async def test_passwords_cannot_be_guessed_by_who_has_the_session(stage: Stage) -> None:
    _, session, _, _ = await a_bound_person(stage)
    email = somebody().email
    for _ in range(5):
        assert await reason(start_change(stage, session, email=email, password=_WRONG)) == "PASSWORD_REFUSED"
    assert await reason(start_change(stage, session, email=email)) == "TOO_MANY_ATTEMPTS"


@pytest.mark.parametrize("objected", [True, False])
async def test_a_person_objects_to_messages_and_takes_it_back(stage: Stage, objected: bool) -> None:
    _, session, practice_id, patient_id = await a_bound_person(stage)
    metadata = await stage.person(session)
    for wanted in (True, objected):
        request = account_changes_pb2.ObjectToMessagesRequest(
            practice_id=str(practice_id), patient_id=str(patient_id), objected=wanted
        )
        await stage.account_changes.ObjectToMessages(request, metadata=metadata)
    assert (await state(stage, practice_id, patient_id)).objected is objected
    account = await stage.accounts.GetAccount(
        accounts_pb2.GetAccountRequest(), metadata=await stage.person(session)
    )
    assert [each.objected for each in account.bindings] == [objected]
    assert await mailboxes(stage, session) == [str(patient_id)]


async def test_nobody_objects_for_somebody_else(stage: Stage) -> None:
    _, session, practice_id, _ = await a_bound_person(stage)
    other = await a_patient(stage, practice_id, somebody())
    foreign = await a_practice(stage)
    theirs = await a_patient(stage, foreign, somebody())
    metadata = await stage.person(session)
    for practice, patient in ((practice_id, other), (foreign, theirs), (uuid4(), uuid4())):
        request = account_changes_pb2.ObjectToMessagesRequest(
            practice_id=str(practice), patient_id=str(patient), objected=True
        )
        call = stage.account_changes.ObjectToMessages(request, metadata=metadata)
        assert await reason(call) == "PATIENT_NOT_FOUND"
    assert not (await state(stage, practice_id, other)).objected


async def test_who_accepts_an_offer_while_the_pair_changes_reads_nothing_by_the_old_one(stage: Stage) -> None:
    person, session, _, first = await a_bound_person(stage)
    elsewhere = await a_practice(stage)
    second = await a_patient(stage, elsewhere, person)
    await start_change(stage, session, email=somebody().email)
    code = await stage.code()
    accepting = accounts_pb2.AcceptBindingOfferRequest(
        practice_id=str(elsewhere), birth_date=BORN.isoformat()
    )
    metadata = await stage.person(session)
    await asyncio.gather(
        confirm(stage, session, code),
        stage.accounts.AcceptBindingOffer(accepting, metadata=metadata),
        return_exceptions=True,
    )
    pair_of_record = await record_contact(stage, elsewhere, second)
    own = await stage.accounts.GetAccount(accounts_pb2.GetAccountRequest(), metadata=metadata)
    is_read = str(second) in await mailboxes(stage, session)
    assert str(first) in await mailboxes(stage, session)
    assert is_read == (pair_of_record == (own.email, own.mobile))
