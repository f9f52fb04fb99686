"""The end of an account: nobody reads by it any more, its key is gone, the practices' records stay."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from chassis.keys import CiphertextMoved
from praxispost.identity.v1 import account_changes_pb2
from services.identity.account_changes.doomed_keys import DoomedKeys
from services.identity.tables.people import account
from tests.integration.identity.people import (
    PASSWORD,
    a_patient,
    a_practice,
    registered,
    somebody,
    start_login,
    state,
)
from tests.integration.identity.stage import Stage, reason
from tests.integration.identity.test_contact_change import (
    a_bound_person,
    logged_in,
    mailboxes,
    record_contact,
    start_change,
)


async def delete_account(stage: Stage, session: str, password: str = PASSWORD) -> None:
    request = account_changes_pb2.DeleteAccountRequest(password=password)
    await stage.account_changes.DeleteAccount(request, metadata=await stage.person(session))


async def test_a_deleted_account_reads_nothing_and_the_record_stays(stage: Stage) -> None:
    person, session, practice_id, patient_id = await a_bound_person(stage)
    elsewhere = await logged_in(stage, person)
    await start_change(stage, session, email=somebody().email)
    await delete_account(stage, session)
    await stage.notices()
    for ended in (session, elsewhere):
        with pytest.raises(Exception, match="SESSION_ENDED"):
            await stage.person(ended)
    assert not (await state(stage, practice_id, patient_id)).bound
    assert await record_contact(stage, practice_id, patient_id) == (person.email, person.mobile)
    await start_login(stage, person.email, person.password)
    assert await stage.notices() == []


async def test_the_key_of_a_deleted_account_is_destroyed(stage: Stage) -> None:
    person, session, _, _ = await a_bound_person(stage)
    pair = stage.proofs.contact.pair(person.email, person.mobile)
    async with stage.database.transaction() as tx:
        row = (await tx.execute(select(account).where(account.c.pair_index == pair))).one()
    await delete_account(stage, session)
    while await DoomedKeys(stage.database, stage.keys).destroy_next():
        pass
    anew = await stage.keys.sealer(row.id)
    with pytest.raises(CiphertextMoved):
        anew.open(row.contact, "account", row.id, "contact")
    async with stage.database.transaction() as tx:
        left = select(func.count()).select_from(account).where(account.c.id == row.id)
        assert (await tx.execute(left)).scalar_one() == 0


async def test_who_deleted_an_account_may_register_again(stage: Stage) -> None:
    person, session, practice_id, patient_id = await a_bound_person(stage)
    await delete_account(stage, session)
    assert await mailboxes(stage, (await registered(stage, person)).session) == [str(patient_id)]
    assert (await state(stage, practice_id, patient_id)).bound


async def test_only_the_password_and_a_fresh_proof_delete_an_account(stage: Stage) -> None:
    _, session, practice_id, patient_id = await a_bound_person(stage)
    assert await reason(delete_account(stage, session, "ein falsches Passwort")) == "PASSWORD_REFUSED"
    assert await reason(delete_account(stage, session, "")) == "INVALID_FIELD"
    stage.clock.advance(timedelta(minutes=10))
    assert await reason(delete_account(stage, session)) == "SMS_PROOF_TOO_OLD"
    assert (await state(stage, practice_id, patient_id)).bound


async def test_bindings_in_all_practices_end(stage: Stage) -> None:
    person = somebody()
    held = [
        (practice, await a_patient(stage, practice, person))
        for practice in [await a_practice(stage), await a_practice(stage)]
    ]
    session = (await registered(stage, person)).session
    await delete_account(stage, session)
    for practice_id, patient_id in held:
        assert not (await state(stage, practice_id, patient_id)).bound
