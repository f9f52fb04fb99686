"""Login of accounts: password, then a code by SMS; strangers learn nothing at any step."""

import asyncio
from datetime import timedelta

import pytest

from praxispost.identity.v1 import sessions_pb2
from tests.integration.identity.people import (
    PASSWORD,
    Person,
    a_patient,
    a_practice,
    finish_login,
    registered,
    somebody,
    start_login,
)
from tests.integration.identity.stage import Stage, reason, refusal


async def an_account(stage: Stage, person: Person) -> str:
    """The id of a new account of the person."""
    await a_patient(stage, await a_practice(stage), person)
    return (await registered(stage, person)).account_id


async def test_password_and_code_begin_a_session(stage: Stage) -> None:
    person = somebody()
    account_id = await an_account(stage, person)
    login = await start_login(stage, f" {person.email.upper()} ", person.password)
    answer = await finish_login(stage, login, f" {await stage.code()} ")
    assert answer.account_id == account_id
    assert (await stage.people.exchange.exchange(answer.session, "messaging", by_person=True)).token


@pytest.mark.parametrize("known", [True, False])
async def test_a_wrong_password_sends_nothing_and_ends_with_the_code(stage: Stage, known: bool) -> None:
    person = somebody()
    if known:
        await an_account(stage, person)
    login = await start_login(stage, person.email, "Zwölf grüne Gänse")
    assert await stage.notices() == []
    assert await reason(finish_login(stage, login, "123456")) == "LOGIN_REFUSED"


async def test_a_login_is_good_once(stage: Stage) -> None:
    person = somebody()
    await an_account(stage, person)
    login = await start_login(stage, person.email, person.password)
    code = await stage.code()
    await finish_login(stage, login, code)
    assert await reason(finish_login(stage, login, code)) == "LOGIN_REFUSED"


async def test_a_code_opens_its_own_login_only(stage: Stage) -> None:
    person, other = somebody(), somebody()
    await an_account(stage, person)
    await an_account(stage, other)
    login = await start_login(stage, person.email, person.password)
    await stage.notices()
    await start_login(stage, other.email, other.password)
    others_code = await stage.code()
    refusals = [await reason(finish_login(stage, each, others_code)) for each in (login, "unknown", "")]
    assert set(refusals) == {"LOGIN_REFUSED"}


@pytest.mark.parametrize(("minutes", "good"), [(9, True), (10, False)])
async def test_the_code_ends_after_ten_minutes(stage: Stage, minutes: int, good: bool) -> None:
    person = somebody()
    await an_account(stage, person)
    login = await start_login(stage, person.email, person.password)
    code = await stage.code()
    stage.clock.advance(timedelta(minutes=minutes))
    if good:
        assert (await finish_login(stage, login, code)).session
    else:
        assert await reason(finish_login(stage, login, code)) == "LOGIN_REFUSED"


async def test_fifty_wrong_codes_at_once_leave_no_sixth_try(stage: Stage) -> None:
    person = somebody()
    await an_account(stage, person)
    login = await start_login(stage, person.email, person.password)
    code = await stage.code()
    wrong = [f"{number:06}" for number in range(51) if f"{number:06}" != code][:50]
    outcomes = await asyncio.gather(*(reason(finish_login(stage, login, guess)) for guess in wrong))
    assert set(outcomes) == {"LOGIN_REFUSED"}
    assert await reason(finish_login(stage, login, code)) == "LOGIN_REFUSED"


async def test_the_right_code_sent_twice_at_once_begins_one_session(stage: Stage) -> None:
    person = somebody()
    await an_account(stage, person)
    login = await start_login(stage, person.email, person.password)
    code = await stage.code()
    tries = [finish_login(stage, login, code) for _ in range(5)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(outcome, sessions_pb2.FinishLoginResponse) for outcome in outcomes) == 1


async def test_where_two_share_an_address_the_password_decides(stage: Stage) -> None:
    erika, max_ = somebody(), somebody()
    max_ = Person(erika.email, max_.mobile, "Dreizehn blaue Gänse")
    accounts = [await an_account(stage, person) for person in (erika, max_)]
    for person, account_id in zip((erika, max_), accounts, strict=True):
        login = await start_login(stage, person.email, person.password)
        (notice,) = await stage.notices()
        assert notice.to.value == person.mobile
        assert (await finish_login(stage, login, notice.code)).account_id == account_id


async def test_where_two_share_address_and_password_the_code_decides(stage: Stage) -> None:
    erika, max_ = somebody(), somebody()
    max_ = Person(erika.email, max_.mobile)
    accounts = {person.mobile: await an_account(stage, person) for person in (erika, max_)}
    for mobile, account_id in accounts.items():
        login = await start_login(stage, erika.email, PASSWORD)
        codes = {notice.to.value: notice.code for notice in await stage.notices()}
        assert codes.keys() == accounts.keys()
        assert (await finish_login(stage, login, codes[mobile])).account_id == account_id


@pytest.mark.parametrize("known", [True, False])
async def test_the_fourth_code_within_a_quarter_of_an_hour_has_to_wait(stage: Stage, known: bool) -> None:
    person = somebody()
    if known:
        await an_account(stage, person)
    for _ in range(3):
        await start_login(stage, person.email, person.password)
    refused = await refusal(start_login(stage, person.email, person.password))
    assert refused.reason == "TOO_MANY_CODES"
    assert refused.metadata["retry_after_seconds"] == "900"


async def test_a_strangers_guesses_do_not_lock_the_owner_out(stage: Stage) -> None:
    person = somebody()
    await an_account(stage, person)
    for number in range(20):
        await start_login(stage, person.email, f"ein falsches Passwort {number}")
    login = await start_login(stage, person.email, person.password)
    assert (await finish_login(stage, login, await stage.code())).session


@pytest.mark.parametrize(
    ("field", "email", "password"),
    [("email", "", "x"), ("email", "no address", "x"), ("password", "erika@example.com", "")],
)
async def test_a_malformed_field_is_named(stage: Stage, field: str, email: str, password: str) -> None:
    refused = await refusal(start_login(stage, email, password))
    assert (refused.reason, [each.field for each in refused.fields]) == ("INVALID_FIELD", [field])
