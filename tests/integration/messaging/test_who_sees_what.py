"""Whatever is done, in whatever order: who may see a message gets it, and nobody else."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import TypeAlias

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from praxispost.messaging.v1 import messaging_pb2 as wire
from services.messaging.guard.domain import GuardRules
from tests.integration.messaging.model import HELD_FROM, Words
from tests.integration.messaging.model_asides import (
    mark_done,
    open_together,
    prompt_again,
    read_by_programs,
    throw_away,
)
from tests.integration.messaging.model_checks import after_each_step, at_the_end, mailbox
from tests.integration.messaging.model_world import World
from tests.integration.messaging.post import Post, Stores, open_post

PRACTICES, RECORDS, PERSONS, MOST_LETTERS = 2, 2, 3, 10
WORDS = (Words("Befund", "Anbei."), Words("Angebot", "Anbei."), Words("Befund", "Jetzt neu."))
FLAGS = ("deceased", "archived", "objected", "conflict")

Operation: TypeAlias = Callable[[World], Awaitable[None]]

records, persons = st.integers(0, PRACTICES * RECORDS - 1), st.integers(0, PERSONS - 1)
letters, words = st.integers(0, MOST_LETTERS - 1), st.sampled_from(WORDS)


@pytest_asyncio.fixture
async def strict_post(messaging_stores: Stores) -> AsyncIterator[Post]:
    """The api, where a text is held as soon as a second patient would get it."""
    async with open_post(messaging_stores, GuardRules(patients=HELD_FROM)) as post:
        yield post


@st.composite
def sending(draw: st.DrawFn) -> Operation:
    many = draw(st.lists(st.tuples(records, words), min_size=1, max_size=3))
    days, documents = draw(st.sampled_from((0, 1, 20, 20))), draw(st.integers(0, 2))

    async def send(world: World) -> None:
        for record, what in many:
            if len(world.letters) < MOST_LETTERS:
                await world.send(world.records[record], what, days, documents=documents)

    return send


@st.composite
def campaigning(draw: st.DrawFn) -> Operation:
    """The same text to everybody of a practice, under subjects that may differ; some of it is released."""
    practice, subjects = draw(st.integers(0, PRACTICES - 1)), draw(st.lists(words, min_size=3, max_size=3))
    confirmed, marked = draw(st.booleans()), draw(st.booleans())

    async def campaign(world: World) -> None:
        to = world.practices[practice].records
        for record, what in zip([*to, to[0]], subjects, strict=True):
            if len(world.letters) < MOST_LETTERS:
                await world.send(record, Words(what.subject, "Für alle."), 20, documents=0)
        held = [each for each in world.letters if each.held and each.record in to]
        if held and marked:
            await world.mark(held[0].record, "conflict")
        if held and confirmed:
            await world.confirm(held[0], by_author=False)

    return campaign


@st.composite
def about_a_letter(draw: st.DrawFn) -> Operation:
    place, person, own = draw(letters), draw(persons), draw(st.booleans())
    do = draw(st.sampled_from(("open", "open", "answer", "answer", "staff", "close", "program", "again")))

    async def act(world: World) -> None:
        who = world.persons[person]
        chosen = [each for each in world.letters if own and who.sees(each)] or world.letters
        if not chosen:
            return
        letter = chosen[place % len(chosen)]
        match do:
            case "open":
                await world.open(who, letter)
            case "answer":
                await world.answer(who, letter)
            case "staff":
                await world.open_as_staff(letter)
            case "close":
                await world.close(letter)
            case "program":
                await read_by_programs(world, letter)
            case "again":
                await prompt_again(world, letter)

    return act


@st.composite
def taking_back(draw: st.DrawFn) -> Operation:
    place, erasing, any_letter = draw(letters), draw(st.booleans()), draw(st.booleans())

    async def take_back(world: World) -> None:
        answers = [each for each in world.letters if not each.to_patient and not any_letter]
        withdrawn = [each for each in world.letters if each.withdrawn and not any_letter]
        chosen = (withdrawn if erasing else answers) or world.letters
        if not chosen:
            return
        letter = chosen[place % len(chosen)]
        await (world.erase(letter) if erasing else world.withdraw(letter))

    return take_back


@st.composite
def deciding(draw: st.DrawFn) -> Operation:
    place, do = draw(letters), draw(st.sampled_from(("confirm", "confirm", "confirm own", "reject")))

    async def decide(world: World) -> None:
        waiting = [each for each in world.letters if each.held] or world.letters
        if waiting and do == "reject":
            await world.reject(waiting[place % len(waiting)])
        elif waiting:
            await world.confirm(waiting[place % len(waiting)], by_author=do == "confirm own")

    return decide


@st.composite
def drafting(draw: st.DrawFn) -> Operation:
    record, place, what = draw(records), draw(letters), draw(words)
    do, documents = (
        draw(st.sampled_from(("begin", "save", "send", "send", "delete"))),
        draw(st.integers(0, 1)),
    )

    async def act(world: World) -> None:
        if do == "begin" or not world.drafts:
            await world.begin(world.records[record], what, documents=documents)
        elif do == "delete":
            await throw_away(world, world.drafts[place % len(world.drafts)])
        elif do == "save":
            await world.save(world.drafts[place % len(world.drafts)], what)
        elif len(world.letters) < MOST_LETTERS:
            await world.send_draft(world.drafts[place % len(world.drafts)])

    return act


@st.composite
def changing(draw: st.DrawFn) -> Operation:
    record, flag, has_email = draw(records), draw(st.sampled_from((*FLAGS, "", ""))), draw(st.booleans())
    what = draw(words)

    async def change(world: World) -> None:
        if flag:
            await world.mark(world.records[record], flag)
            if len(world.letters) < MOST_LETTERS:
                await world.send(world.records[record], what, 0, documents=0)
        else:
            await world.change_contact(world.records[record], has_email=has_email)

    return change


@st.composite
def prompting(draw: st.DrawFn) -> Operation:
    place, outcome = draw(letters), draw(st.sampled_from(("accepted", "delivered", "failed")))

    async def prompt(world: World) -> None:
        if world.letters:
            await world.prompt(world.letters[place % len(world.letters)], outcome)

    return prompt


@st.composite
def entitling(draw: st.DrawFn) -> Operation:
    person, record = draw(persons), draw(records)
    kind = draw(st.sampled_from(("self", "self", "representative", "")))

    async def entitle(world: World) -> None:
        world.entitle(world.persons[person], world.records[record], kind)

    return entitle


@st.composite
def looking(draw: st.DrawFn) -> Operation:
    person, record, own = draw(persons), draw(records), draw(st.booleans())
    do = draw(st.sampled_from(("mailbox", "many", "many", "done")))

    async def look(world: World) -> None:
        who, practice_id = world.persons[person], world.records[record].practice_id
        there = [each for each in world.letters if each.record.practice_id == practice_id]
        wanted = [each for each in there if who.sees(each) or not own]
        match do:
            case "mailbox":
                await mailbox(world, who)
            case "many" if wanted:
                await open_together(world, who, wanted)
            case "done":
                await mark_done(world, world.records[record])

    return look


@st.composite
def passing(draw: st.DrawFn) -> Operation:
    time = draw(st.sampled_from((timedelta(hours=2), timedelta(days=1, hours=6), timedelta(days=8))))

    async def let_pass(world: World) -> None:
        world.let_pass(time)

    return let_pass


operations = st.lists(
    sending()
    | campaigning()
    | about_a_letter()
    | about_a_letter()
    | about_a_letter()
    | taking_back()
    | taking_back()
    | deciding()
    | drafting()
    | changing()
    | prompting()
    | entitling()
    | entitling()
    | looking()
    | looking()
    | passing(),
    min_size=12,
    max_size=24,
)


def _world(post: Post) -> World:
    """One person reads for herself, another for somebody in either practice, the third for nobody yet."""
    world = World.new(post, PRACTICES, RECORDS, PERSONS)
    for person, record, kind in ((0, 0, "self"), (1, 1, "representative"), (1, 2, "self")):
        world.entitle(world.persons[person], world.records[record], kind)
    return world


@given(operations)
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_everybody_sees_what_they_may_and_nothing_else(
    strict_post: Post, chosen: list[Operation]
) -> None:
    world = _world(strict_post)
    for step, operation in enumerate(chosen):
        await operation(world)
        await after_each_step(world, step)
    await at_the_end(world)


async def test_the_operations_do_what_they_are_called(strict_post: Post) -> None:
    world = _world(strict_post)
    person, record = world.persons[0], world.records[0]
    await world.send(world.records[1], WORDS[0], 3, documents=1)
    await world.send(record, WORDS[0], 3, documents=1)
    free, held = world.letters
    assert (free.held, held.held) == (False, True)
    await world.confirm(held, by_author=True)
    assert held.held
    world.let_pass(timedelta(days=8))
    await world.confirm(held, by_author=False)
    await world.prompt(held, "failed")
    await mailbox(world, person)
    await world.open(person, held)
    assert (free.held, held.shown, held.reader) == (False, True, wire.READER_PATIENT)
    await world.answer(person, held)
    [_, _, answer] = world.letters
    await after_each_step(world, 0)
    await world.close(held)
    await world.withdraw(answer)
    await world.erase(answer)
    await world.begin(record, WORDS[1])
    await world.save(world.drafts[0], WORDS[2])
    await world.mark(record, "objected")
    await world.send_draft(world.drafts[0])
    assert len(world.letters) == len((free, held, answer))
    await world.mark(record, "objected")
    await world.send_draft(world.drafts[0])
    world.entitle(person, record, "")
    await at_the_end(world)
    assert (answer.erased, world.letters[-1].read, world.drafts) == (True, False, [])


async def test_the_model_notices_a_message_that_is_released_to_somebody_else(strict_post: Post) -> None:
    world = _world(strict_post)
    await world.send(world.records[0], WORDS[0], 0, documents=0)
    world.persons[0].kinds.clear()
    with pytest.raises(AssertionError):
        await after_each_step(world, 0)


async def test_the_model_notices_a_message_that_is_withheld(strict_post: Post) -> None:
    world = _world(strict_post)
    await world.send(world.records[0], WORDS[0], 0, documents=0)
    world.persons[2].kinds[world.records[0].practice_id, world.records[0].id] = "self"
    with pytest.raises(AssertionError):
        await at_the_end(world)
