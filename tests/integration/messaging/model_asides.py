"""What else is done in messaging's model: drafts deleted, prompts wanted, much opened at once, work done."""

from uuid import uuid4

from praxispost.messaging.v1 import drafts_pb2, guard_pb2, guard_pb2_grpc, work_pb2
from praxispost.messaging.v1 import messaging_pb2 as wire
from tests.integration.messaging.drafting import drafts_of
from tests.integration.messaging.model import Draft, Letter, Person, Record
from tests.integration.messaging.model_world import World
from tests.integration.messaging.post import refusing, staff


async def throw_away(world: World, draft: Draft) -> None:
    """A colleague deletes a draft."""
    request = drafts_pb2.DeleteDraftRequest(draft_id=draft.id, version=draft.version)
    metadata = world.post.to(world.practice(draft.record).colleague)
    await refusing(drafts_of(world.post).DeleteDraft(request, metadata=metadata))
    world.drafts.remove(draft)


async def prompt_again(world: World, sent: Letter) -> None:
    """Staff ask for a further prompt."""
    needed = sent.to_patient and not sent.unsent and not sent.read and not sent.withdrawn
    request = guard_pb2.PromptAgainRequest(request_id=str(uuid4()), message_id=sent.id)
    metadata = world.post.to(world.practice(sent.record).colleague)
    call = guard_pb2_grpc.GuardServiceStub(world.post.channel).PromptAgain(request, metadata=metadata)
    await world.expect(sent.record.why_not() if needed else "PROMPT_NOT_NEEDED", call)


async def open_together(world: World, person: Person, wanted: list[Letter]) -> None:
    """A person opens many messages of a practice at once: all of them may be seen, or none is opened."""
    request = wire.OpenMessagesRequest(
        practice_id=str(wanted[0].record.practice_id), message_ids=[each.id for each in wanted]
    )
    call = world.post.stub.OpenMessages(request, metadata=world.post.to(person.caller))
    opened = await world.expect(
        "" if all(person.sees(each) for each in wanted) else "MESSAGE_NOT_FOUND", call
    )
    for shown, letter in zip(opened.messages if opened is not None else (), wanted, strict=False):
        if letter.withdrawn:
            assert (shown.body, shown.summary.subject, list(shown.attachments)) == ("", "", [])
        else:
            world.released(shown, letter)
            if letter.to_patient and not letter.read:
                letter.reader = person.reads_as(letter)


async def read_by_programs(world: World, letter: Letter) -> None:
    """The practice's own system gets a message without having read it; another practice's gets none."""
    for practice in world.practices:
        own = letter.record in practice.records
        program = staff(practice.admin.tenants[0], role="practice_service")
        call = world.post.stub.GetMessage(
            wire.GetMessageRequest(message_id=letter.id), metadata=world.post.to(program)
        )
        reason = "MESSAGE_NOT_FOUND" if not own else "CONTENT_ERASED" if letter.erased else ""
        got = await world.expect(reason, call)
        if got is not None:
            assert got.message.body == letter.words.body


async def mark_done(world: World, record: Record) -> None:
    """Staff say that nothing is left to do; nobody can while an answer is unread."""
    practice = world.practice(record)
    metadata = world.post.to(practice.colleague)
    lines = (await world.post.conversations(practice.colleague, 200)).conversations
    unread = any(
        each.task(world.post.clock()) == work_pb2.WORK_KIND_UNREAD_ANSWER
        for each in world.letters
        if each.record is record
    )
    for line in [each for each in lines if each.patient_id == str(record.id)]:
        request = work_pb2.MarkDoneRequest(conversation_id=line.id)
        call = world.post.work.MarkDone(request, metadata=metadata)
        if await world.expect("ANSWERS_UNREAD" if unread else "", call) is not None:
            record.done = True
