"""A person who is logged in changes the password, which ends all other logins, or the language of notices."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from praxispost.identity.v1 import account_changes_pb2, accounts_pb2, practices_pb2
from tests.integration.identity.people import PASSWORD, finish_login, somebody, start_login
from tests.integration.identity.stage import Stage, reason, refusal
from tests.integration.identity.test_contact_change import a_bound_person, confirm, logged_in, start_change

_NEW = "Vierzehn rote Enten"


async def change_password(stage: Stage, session: str, old: str = PASSWORD, new: str = _NEW) -> int:
    request = account_changes_pb2.ChangePasswordRequest(password=old, new_password=new)
    answer = await stage.account_changes.ChangePassword(request, metadata=await stage.person(session))
    return answer.ended_sessions


async def account_of(stage: Stage, session: str) -> accounts_pb2.GetAccountResponse:
    request = accounts_pb2.GetAccountRequest()
    return await stage.accounts.GetAccount(request, metadata=await stage.person(session))


async def set_language(
    stage: Stage, session: str, language: "practices_pb2.Language.ValueType"
) -> account_changes_pb2.SetLanguageResponse:
    request = account_changes_pb2.SetLanguageRequest(language=language)
    return await stage.account_changes.SetLanguage(request, metadata=await stage.person(session))


async def test_the_new_password_holds_and_all_other_sessions_end(stage: Stage) -> None:
    person, session, _, _ = await a_bound_person(stage)
    elsewhere = await logged_in(stage, person)
    begun = await start_login(stage, person.email, PASSWORD)
    begun_code = await stage.code()
    assert await change_password(stage, session) == 1
    assert await stage.person(session)
    with pytest.raises(Exception, match="SESSION_ENDED"):
        await stage.person(elsewhere)
    (told,) = await stage.notices()
    assert (told.kind, told.to.kind, told.to.value) == ("password_changed", "email", person.email)
    assert await reason(finish_login(stage, begun, begun_code)) == "LOGIN_REFUSED"
    await start_login(stage, person.email, PASSWORD)
    assert await stage.notices() == []
    assert await logged_in(stage, replace(person, password=_NEW))


async def test_only_the_old_password_changes_it_and_guesses_are_limited(stage: Stage) -> None:
    person, session, _, _ = await a_bound_person(stage)
    refused = [await reason(change_password(stage, session, "ein falsches Passwort")) for _ in range(6)]
    assert refused == ["PASSWORD_REFUSED"] * 5 + ["TOO_MANY_ATTEMPTS"]
    stage.clock.advance(timedelta(minutes=1))
    assert await reason(change_password(stage, session, new="passwort123")) == "PASSWORD_TOO_WEAK"
    assert await reason(change_password(stage, session, new=person.email)) == "PASSWORD_TOO_WEAK"
    for field, call in (
        ("password", change_password(stage, session, old="")),
        ("new_password", change_password(stage, session, new="")),
    ):
        assert [each.field for each in (await refusal(call)).fields] == [field]
    assert await stage.notices() == []
    assert await logged_in(stage, person)


async def test_a_change_of_address_that_was_begun_with_the_old_password_dies(stage: Stage) -> None:
    person, session, _, _ = await a_bound_person(stage)
    await start_change(stage, session, email=somebody().email)
    code = await stage.code()
    await change_password(stage, session)
    assert await reason(confirm(stage, session, code)) == "CONTACT_CHANGE_NOT_FOUND"
    await stage.notices()
    assert await logged_in(stage, replace(person, password=_NEW))


async def test_a_new_address_at_the_same_moment_leaves_a_password_that_works(stage: Stage) -> None:
    person, session, _, _ = await a_bound_person(stage)
    new = somebody()
    await start_change(stage, session, email=new.email)
    code = await stage.code()
    moved, changed = await asyncio.gather(
        confirm(stage, session, code), change_password(stage, session), return_exceptions=True
    )
    await stage.notices()
    email = person.email if isinstance(moved, BaseException) else new.email
    password = PASSWORD if isinstance(changed, BaseException) else _NEW
    assert await logged_in(stage, replace(person, email=email, password=password))


async def test_of_two_changes_at_the_same_moment_one_holds(stage: Stage) -> None:
    person, session, _, _ = await a_bound_person(stage)
    wanted = [_NEW, "Fünfzehn gelbe Enten"]
    done = await asyncio.gather(
        *(change_password(stage, session, new=each) for each in wanted), return_exceptions=True
    )
    await stage.notices()
    holds = [each for each, result in zip(wanted, done, strict=True) if not isinstance(result, BaseException)]
    assert len(holds) == 1
    assert await logged_in(stage, replace(person, password=holds[0]))


async def test_codes_come_in_the_language_that_was_set(stage: Stage) -> None:
    person, session, _, _ = await a_bound_person(stage)
    assert (await account_of(stage, session)).language == practices_pb2.LANGUAGE_GERMAN
    await set_language(stage, session, practices_pb2.LANGUAGE_ENGLISH)
    assert (await account_of(stage, session)).language == practices_pb2.LANGUAGE_ENGLISH
    await start_login(stage, person.email, PASSWORD)
    (code,) = await stage.notices()
    assert code.language == "en"
    assert await reason(set_language(stage, session, practices_pb2.LANGUAGE_UNSPECIFIED)) == "INVALID_FIELD"
    account = await account_of(stage, session)
    assert (account.email, account.mobile) == (person.email, person.mobile)


async def test_the_account_says_how_long_the_number_counts_as_proven(stage: Stage) -> None:
    _, session, _, _ = await a_bound_person(stage)
    fresh = await account_of(stage, session)
    assert fresh.sms_proof_ends_at.ToSeconds() > int(stage.clock().timestamp())
    stage.clock.advance(timedelta(minutes=10))
    assert not (await account_of(stage, session)).HasField("sms_proof_ends_at")
