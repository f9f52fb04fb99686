"""Known and unknown people cost the same: statements, Argon2, notices and answers are counted."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import pytest
from google.protobuf.message import Message
from sqlalchemy import Engine, event, func, select

from praxispost.identity.v1 import registration_pb2, sessions_pb2
from services.identity.tables.people import notice
from tests.integration.identity.people import (
    STAFF_PASSWORD,
    Person,
    a_patient,
    a_practice,
    a_staff_member,
    login_staff,
    registered,
    somebody,
    start_login,
    started,
)
from tests.integration.identity.stage import Stage, refusal


@dataclass
class Work:
    """What a call cost."""

    statements: list[str] = field(default_factory=list)
    hashes: int = 0
    notices: list[int] = field(default_factory=list)


@contextlib.contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement of this process; but not the wakes, which follow the answer when it suits them."""
    seen: list[str] = []

    def note(*call: object) -> None:
        if "pg_notify" not in str(call[2]):
            seen.append(str(call[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@contextlib.asynccontextmanager
async def measured(stage: Stage) -> AsyncIterator[Work]:
    """What the block costs; the sizes of its notices, dummies too."""
    await stage.notices()
    work, before = Work(), stage.passwords.computed
    with statements() as seen:
        yield work
        work.statements = list(seen)
    work.hashes = stage.passwords.computed - before
    async with stage.database.transaction() as tx:
        work.notices = sorted((await tx.execute(select(func.octet_length(notice.c.sealed)))).scalars())


async def a_known(stage: Stage) -> Person:
    """A person with a record, an account and the keys in memory that come with use."""
    person = somebody()
    await a_patient(stage, await a_practice(stage), person)
    await registered(stage, person)
    return person


def shape(answer: Message) -> dict[str, int]:
    """The fields that are set, and how long each is."""
    return {descriptor.name: len(str(value)) for descriptor, value in answer.ListFields()}


@pytest.fixture
async def people(stage: Stage) -> list[Person]:
    """Somebody known and somebody unknown."""
    return [await a_known(stage), somebody()]


def assert_same(works: list[Work], *, hashes: int, notices: int) -> None:
    known, unknown = works
    assert known == unknown
    assert known.statements
    assert (known.hashes, len(known.notices)) == (hashes, notices)


async def test_starting_a_registration(stage: Stage, people: list[Person]) -> None:
    works, answers = [], []
    for person in people:
        request = registration_pb2.StartRegistrationRequest(
            email=person.email, mobile=person.mobile, password=person.password
        )
        async with measured(stage) as work:
            answers.append(await stage.registration.StartRegistration(request, metadata=stage.portal))
        works.append(work)
    assert_same(works, hashes=1, notices=1)
    assert shape(answers[0]) == shape(answers[1])


async def test_verifying_an_address(stage: Stage, people: list[Person]) -> None:
    works, answers = [], []
    for person in people:
        await stage.notices()
        request = registration_pb2.VerifyEmailRequest(registration=await started(stage, person))
        request.code = await stage.code()
        async with measured(stage) as work:
            answers.append(await stage.registration.VerifyEmail(request, metadata=stage.portal))
        works.append(work)
    assert_same(works, hashes=0, notices=1)
    assert answers[0] == answers[1]


async def test_sending_the_code_again(stage: Stage, people: list[Person]) -> None:
    works, answers = [], []
    for person in people:
        await stage.notices()
        secret = await started(stage, person)
        verify = registration_pb2.VerifyEmailRequest(registration=secret, code=await stage.code())
        await stage.registration.VerifyEmail(verify, metadata=stage.portal)
        request = registration_pb2.ResendCodeRequest(registration=secret)
        async with measured(stage) as work:
            answers.append(await stage.registration.ResendCode(request, metadata=stage.portal))
        works.append(work)
    assert_same(works, hashes=0, notices=1)
    assert answers[0] == answers[1]


async def test_a_wrong_code_for_the_number(stage: Stage, people: list[Person]) -> None:
    works, refusals = [], []
    for person in people:
        await stage.notices()
        secret = await started(stage, person)
        verify = registration_pb2.VerifyEmailRequest(registration=secret, code=await stage.code())
        await stage.registration.VerifyEmail(verify, metadata=stage.portal)
        request = registration_pb2.VerifyMobileRequest(registration=secret, code="guess")
        async with measured(stage) as work:
            refusals.append(await refusal(stage.registration.VerifyMobile(request, metadata=stage.portal)))
        works.append(work)
    assert_same(works, hashes=0, notices=0)
    assert str(refusals[0]) == str(refusals[1])


async def test_starting_a_login(stage: Stage, people: list[Person]) -> None:
    known, unknown = people
    works, answers = [], []
    for email, password in (
        (known.email, known.password),
        (known.email, "ein falsches Passwort"),
        (unknown.email, unknown.password),
    ):
        request = sessions_pb2.StartLoginRequest(email=email, password=password)
        async with measured(stage) as work:
            answers.append(await stage.sessions.StartLogin(request, metadata=stage.portal))
        works.append(work)
    assert_same([works[0], works[2]], hashes=1, notices=1)
    assert_same([works[1], works[2]], hashes=1, notices=1)
    assert shape(answers[0]) == shape(answers[1]) == shape(answers[2])


async def test_a_wrong_code_for_a_login(stage: Stage, people: list[Person]) -> None:
    works, refusals = [], []
    for person in people:
        request = sessions_pb2.FinishLoginRequest(
            login=await start_login(stage, person.email, person.password), code="guess"
        )
        async with measured(stage) as work:
            refusals.append(await refusal(stage.sessions.FinishLogin(request, metadata=stage.portal)))
        works.append(work)
    assert_same(works, hashes=0, notices=0)
    assert str(refusals[0]) == str(refusals[1])


async def test_a_staff_login_with_a_wrong_password(stage: Stage) -> None:
    known, unknown = somebody().email, somebody().email
    await a_staff_member(stage, await a_practice(stage), known)
    works, refusals = [], []
    for email in (known, unknown):
        async with measured(stage) as work:
            refusals.append(await refusal(login_staff(stage, email, STAFF_PASSWORD[::-1])))
        works.append(work)
    assert_same(works, hashes=1, notices=0)
    assert str(refusals[0]) == str(refusals[1])
