"""Sessions: how long they last, what tokens they give, and that only their holder sees and ends them."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from chassis.caller import Caller, Entitlement
from chassis.refusal import Refusal
from chassis.tokens import TokenVerifier
from praxispost.identity.v1 import sessions_pb2
from services.identity.sessions.storage import end_sessions_of
from services.identity.tables.practices import binding, staff_member
from tests.integration.identity.people import (
    STAFF_PASSWORD,
    a_patient,
    a_practice,
    a_staff_member,
    login_staff,
    registered,
    somebody,
)
from tests.integration.identity.stage import OwnKeys, Stage, reason


async def a_staff_session(stage: Stage, role: str = "physician") -> tuple[UUID, UUID, str]:
    """Practice, member and the secret of a new session."""
    email, practice_id = somebody().email, await a_practice(stage)
    staff_id = await a_staff_member(stage, practice_id, email, role)
    return practice_id, staff_id, (await login_staff(stage, email, STAFF_PASSWORD)).session


async def exchanged(
    stage: Stage, session: str, audience: str = "messaging", *, by_person: bool = False
) -> Caller:
    """Who the token of a session says one is."""
    issued = await stage.people.exchange.exchange(session, audience, by_person)
    return await TokenVerifier(audience, OwnKeys(stage.signing), stage.clock).verify(issued.token)


async def ended(stage: Stage, session: str) -> bool:
    """Whether the session gives no more tokens; asking does not extend it."""
    try:
        await exchanged(stage, session)
    except Refusal as refused:
        return refused.reason == "SESSION_ENDED"
    return False


async def listed(
    stage: Stage, session: str, page_size: int = 0, page_token: str = ""
) -> sessions_pb2.ListSessionsResponse:
    request = sessions_pb2.ListSessionsRequest(page_size=page_size, page_token=page_token)
    return await stage.sessions.ListSessions(request, metadata=await stage.person(session))


async def end(stage: Stage, session: str, session_id: str) -> None:
    request = sessions_pb2.EndSessionRequest(session_id=session_id)
    await stage.sessions.EndSession(request, metadata=await stage.person(session))


@pytest.mark.parametrize("role", ["admin", "physician", "assistant"])
async def test_a_staff_members_token_says_role_and_practice(stage: Stage, role: str) -> None:
    practice_id, staff_id, session = await a_staff_session(stage, role)
    caller = await exchanged(stage, session)
    assert (caller.subject_id, caller.role, caller.tenant_id) == (staff_id, role, practice_id)
    assert caller.entitlements == ()
    assert caller.session_id is not None


async def test_an_accounts_token_says_its_active_bindings(stage: Stage) -> None:
    person = somebody()
    practices = [await a_practice(stage) for _ in range(2)]
    patients = {practice_id: await a_patient(stage, practice_id, person) for practice_id in practices}
    answer = await registered(stage, person)
    caller = await exchanged(stage, answer.session)
    expected = {Entitlement(practice_id, patient_id, "self") for practice_id, patient_id in patients.items()}
    assert (str(caller.subject_id), caller.role, caller.tenant_id) == (answer.account_id, "account", None)
    assert set(caller.entitlements) == expected
    suspended = practices[0]
    async with stage.database.transaction((suspended,)) as tx:
        await tx.execute(update(binding).where(binding.c.practice_id == suspended).values(state="suspended"))
    assert (await exchanged(stage, answer.session)).tenants == (practices[1],)


async def test_a_new_role_counts_from_the_next_token_on(stage: Stage) -> None:
    practice_id, staff_id, session = await a_staff_session(stage)
    async with stage.database.transaction((practice_id,)) as tx:
        await tx.execute(update(staff_member).where(staff_member.c.id == staff_id).values(role="admin"))
    assert (await exchanged(stage, session)).role == "admin"


async def test_a_disabled_member_gets_no_token(stage: Stage) -> None:
    practice_id, staff_id, session = await a_staff_session(stage)
    disabled = update(staff_member).where(staff_member.c.id == staff_id)
    async with stage.database.transaction((practice_id,)) as tx:
        await tx.execute(disabled.values(disabled_at=stage.clock()))
    assert await ended(stage, session)


@pytest.mark.parametrize("audience", ["", "portal", "Messaging", "identity "])
async def test_only_known_audiences_get_tokens(stage: Stage, audience: str) -> None:
    _, _, session = await a_staff_session(stage)
    with pytest.raises(Refusal) as refused:
        await exchanged(stage, session, audience)
    assert [each.field for each in refused.value.fields] == ["audience"]


@pytest.mark.parametrize("secret", ["", "unknown", "ä" * 200])
async def test_an_unknown_secret_is_an_ended_session(stage: Stage, secret: str) -> None:
    assert await ended(stage, secret)


async def test_a_token_lives_sixty_seconds_and_never_longer_than_its_session(stage: Stage) -> None:
    _, _, session = await a_staff_session(stage)
    issued = await stage.people.exchange.exchange(session, "messaging", by_person=False)
    assert issued.caller.expires_at == stage.clock() + timedelta(seconds=60)
    stage.clock.advance(timedelta(minutes=29, seconds=50))
    issued = await stage.people.exchange.exchange(session, "messaging", by_person=False)
    assert issued.caller.expires_at == stage.clock() + timedelta(seconds=10)
    stage.clock.advance(timedelta(seconds=10))
    assert await ended(stage, session)


async def test_only_a_persons_own_request_extends_the_idle_time(stage: Stage) -> None:
    _, _, session = await a_staff_session(stage)
    stage.clock.advance(timedelta(minutes=20))
    await exchanged(stage, session, by_person=True)
    for _ in range(2):
        stage.clock.advance(timedelta(minutes=10))
        await exchanged(stage, session)
    stage.clock.advance(timedelta(minutes=10))
    assert await ended(stage, session)


async def test_a_session_ends_after_twelve_hours_of_work(stage: Stage) -> None:
    _, _, session = await a_staff_session(stage)
    for _ in range(12 * 3 - 1):
        stage.clock.advance(timedelta(minutes=20))
        await exchanged(stage, session, by_person=True)
    stage.clock.advance(timedelta(minutes=20))
    assert await ended(stage, session)


async def test_an_ended_session_gives_no_token_at_once(stage: Stage) -> None:
    email, practice_id = somebody().email, await a_practice(stage)
    await a_staff_member(stage, practice_id, email)
    here, there = [(await login_staff(stage, email, STAFF_PASSWORD)).session for _ in range(2)]
    other = next(each.id for each in (await listed(stage, here)).sessions if not each.current)
    await end(stage, here, other)
    await end(stage, here, other)
    assert await ended(stage, there)
    assert [each.current for each in (await listed(stage, here)).sessions] == [True]
    await end(stage, here, (await listed(stage, here)).sessions[0].id)
    assert await ended(stage, here)


async def test_others_sessions_look_like_none(stage: Stage) -> None:
    _, _, own = await a_staff_session(stage)
    _, _, foreign = await a_staff_session(stage)
    foreign_id = (await listed(stage, foreign)).sessions[0].id
    for session_id in (foreign_id, str(uuid4())):
        assert await reason(end(stage, own, session_id)) == "SESSION_NOT_FOUND"
    assert await reason(end(stage, own, "no id")) == "INVALID_FIELD"
    assert not await ended(stage, foreign)


async def test_sessions_are_listed_newest_first_page_by_page(stage: Stage) -> None:
    email, practice_id = somebody().email, await a_practice(stage)
    await a_staff_member(stage, practice_id, email)
    sessions = []
    for _ in range(5):
        stage.clock.advance(timedelta(seconds=1))
        sessions.append((await login_staff(stage, email, STAFF_PASSWORD)).session)
    session = sessions[0]
    seen, token = [], ""
    for size in (2, 2, 1):
        page = await listed(stage, session, 2, token)
        assert len(page.sessions) == size
        seen += [each.created_at.ToSeconds() for each in page.sessions]
        token = page.next_page_token
    assert not token
    assert seen == sorted(seen, reverse=True)
    assert await reason(listed(stage, session, page_token="forged")) == "INVALID_FIELD"
    assert await reason(listed(stage, session, page_size=201)) == "INVALID_FIELD"


async def test_all_sessions_of_a_holder_end_together(stage: Stage) -> None:
    email, practice_id = somebody().email, await a_practice(stage)
    staff_id = await a_staff_member(stage, practice_id, email)
    sessions = [(await login_staff(stage, email, STAFF_PASSWORD)).session for _ in range(3)]
    async with stage.database.transaction() as tx:
        assert await end_sessions_of(tx, staff_id, stage.clock()) == 3
    assert [await ended(stage, session) for session in sessions] == [True, True, True]
