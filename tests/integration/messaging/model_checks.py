"""Compares what messaging tells and refuses with what the model says."""

import asyncio
from collections import Counter
from collections.abc import Sequence

from chassis.caller import Caller
from chassis.refusal import Refusal
from praxispost.messaging.v1 import drafts_pb2, work_pb2
from praxispost.messaging.v1 import messaging_pb2 as wire
from tests.integration.messaging.drafting import drafts_of
from tests.integration.messaging.model import Letter, Person, Practice, Record, by_age
from tests.integration.messaging.model_asides import open_together
from tests.integration.messaging.model_world import World
from tests.integration.messaging.post import refusing


async def after_each_step(world: World, step: int) -> None:
    """One person and one practice after the other: nobody gets what is not theirs, and others were told."""
    person = world.persons[step % len(world.persons)]
    await _compare(world, [person], [world.practices[step % len(world.practices)]])


async def _compare(world: World, persons: Sequence[Person], practices: Sequence[Practice]) -> None:
    await asyncio.gather(
        *(_refused_to(world, person, letter) for person in persons for letter in world.letters),
        *(_opened_by(world, practice, letter) for practice in practices for letter in world.letters),
        *(_history(world, practice, record) for practice in practices for record in world.records),
        *(_work(world, practice) for practice in practices),
        *(_drafts(world, practice) for practice in practices),
    )
    told, own = world.post.neighbours, {each.id for each in world.letters}
    documented = [each for each in world.letters if each.documents]
    assert own.intersection(told.withdrawn) == {each.id for each in documented if each.withdrawn}
    assert own.intersection(told.erased) == {each.id for each in documented if each.erased}


async def at_the_end(world: World) -> None:
    """Everybody looks at and opens everything, and answers what they may not."""
    for person in world.persons:
        await mailbox(world, person)
        for practice in world.practices:
            there = [each for each in world.letters if each.record in practice.records and person.sees(each)]
            if there:
                await open_together(world, person, there)
        for letter in list(world.letters):
            await world.open(person, letter)
            if person.why_not_answer(letter, world.post.clock()):
                await world.answer(person, letter)
    await _compare(world, world.persons, world.practices)
    for said in {word for each in world.letters for word in (each.words.subject, each.words.body) if word}:
        told = "SELECT id FROM outbox WHERE position(CAST(:said AS bytea) IN envelope) > 0"
        assert not await world.post.rows(told, said=said.encode()), "what was written is on the bus"


async def mailbox(world: World, person: Person) -> None:
    """What a person is shown, which is received by that."""
    request = wire.ListMailboxRequest(page_size=200)
    listed = await refusing(world.post.stub.ListMailbox(request, metadata=world.post.to(person.caller)))
    visible = by_age([each for each in world.letters if person.sees(each)])
    assert [each.id for each in listed.messages] == [each.id for each in visible]
    unread: Counter[tuple[str, str]] = Counter()
    for each in visible:
        each.shown = each.shown or (each.to_patient and not each.withdrawn and not each.read)
        if each.to_patient and not each.read and not each.withdrawn:
            unread[str(each.record.practice_id), str(each.record.id)] += 1
    for shown, letter in zip(listed.messages, visible, strict=True):
        assert shown.subject == ("" if letter.withdrawn else letter.words.subject)
        assert shown.in_reply_to_subject == _answered_subject(letter)
        _same(shown, letter)
    assert {(each.practice_id, each.patient_id): each.count for each in listed.unread} == unread


async def _refused_to(world: World, person: Person, letter: Letter) -> None:
    reason = person.why_not_open(letter)
    if reason:
        assert await _reason_of_opening(world, person.caller, letter) == reason


async def _opened_by(world: World, practice: Practice, letter: Letter) -> None:
    if letter.record not in practice.records:
        assert await _reason_of_opening(world, practice.admin, letter) == "MESSAGE_NOT_FOUND"
    elif letter.to_patient or letter.read:
        await world.open_as_staff(letter)


async def _history(world: World, practice: Practice, record: Record) -> None:
    own = [each for each in world.letters if each.record is record and record in practice.records]
    listed = (await world.post.history(practice.colleague, record.id, 200)).messages
    assert [each.id for each in listed] == [each.id for each in by_age(own)]
    for shown, letter in zip(listed, by_age(own), strict=True):
        assert shown.subject == ("" if letter.erased else letter.words.subject)
        assert shown.HasField("erased_at") == letter.erased
        _same(shown, letter)


def _same(shown: wire.MessageSummary, letter: Letter) -> None:
    assert shown.receipt.state == letter.state(), (letter, shown)
    assert shown.receipt.read_by == letter.reader
    assert shown.reply_allowed == letter.answerable
    assert shown.HasField("withdrawn_at") == letter.withdrawn
    assert shown.HasField("replies_closed_at") == letter.closed
    assert shown.attachment_count == len(letter.documents)


async def _work(world: World, practice: Practice) -> None:
    request = work_pb2.GetTaskCountsRequest()
    metadata = world.post.to(practice.admin)
    counts = (await refusing(world.post.work.GetTaskCounts(request, metadata=metadata))).counts
    own = [each for each in world.letters if each.record in practice.records]
    expected = [(task, each) for each in own if (task := each.task(world.post.clock())) is not None]
    assert {each.kind: each.count for each in counts} == Counter(task for task, _ in expected)
    unread = [each for task, each in expected if task == work_pb2.WORK_KIND_UNREAD_ANSWER]
    lines = (await world.post.conversations(practice.admin, 200)).conversations
    answers = {each.patient_id: each.unread_answers for each in lines if each.unread_answers}
    assert answers == Counter(str(each.record.id) for each in unread)
    done = {each.patient_id for each in lines if each.state == wire.CONVERSATION_STATE_DONE}
    assert done == {str(each.id) for each in practice.records if each.done}


async def _drafts(world: World, practice: Practice) -> None:
    request = drafts_pb2.ListDraftsRequest(page_size=200)
    listed = await refusing(drafts_of(world.post).ListDrafts(request, metadata=world.post.to(practice.admin)))
    own = [each for each in world.drafts if each.record in practice.records]
    assert {(each.id, each.version, each.subject) for each in listed.drafts} == {
        (each.id, each.version, each.words.subject) for each in own
    }


async def _reason_of_opening(world: World, caller: Caller, letter: Letter) -> str:
    try:
        await world.post.open(caller, letter.id, letter.record.practice_id)
    except Refusal as refusal:
        return refusal.reason
    return ""


def _answered_subject(letter: Letter) -> str:
    answered = letter.answers
    return "" if answered is None or answered.withdrawn or letter.withdrawn else answered.words.subject
