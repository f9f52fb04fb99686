"""Prompts that no new message causes: at new contact data and when staff ask; and being shown is told."""

from uuid import UUID, uuid4

import pytest
from google.protobuf.message import Message

from chassis.events import unwrap
from praxispost.messaging.v1.events_pb2 import (
    PROMPT_REASON_ASKED_AGAIN,
    PROMPT_REASON_CONTACT_CHANGED,
    MessageShown,
    PromptWanted,
)
from tests.integration.messaging.guarding import House
from tests.integration.messaging.post import Post, account, reason, staff
from tests.integration.messaging.test_receipts import Bus

_DATA: dict[str, type[Message]] = {
    "messaging.prompt_wanted": PromptWanted,
    "messaging.message_shown": MessageShown,
}


class Ward(House):
    """A practice with one patient, whose record changes."""

    def __init__(self, post: Post) -> None:
        super().__init__(post)
        self.patient_id = post.patient(self.practice_id)
        self.patient = account((self.practice_id, self.patient_id))
        self.bus = Bus(post, self.practice_id)

    async def message(self) -> str:
        return (await self.post.send(self.author, self.patient_id)).message_id

    async def published(self, kind: str) -> list[tuple[str, Message]]:
        """The events of this kind about this practice, with what they are about."""
        rows = await self.post.rows("SELECT envelope FROM outbox WHERE type = :kind ORDER BY id", kind=kind)
        found = [unwrap(row.envelope) for row in rows]
        own = [each for each in found if each.tenant_id == str(self.practice_id)]
        return [(each.aggregate_id, _DATA[kind].FromString(each.data)) for each in own]

    async def wanted(self) -> list[tuple[str, int, int]]:
        """Which messages a prompt was wanted for, at which contact data and why."""
        found = await self.published("messaging.prompt_wanted")
        return [
            (message_id, data.contact_version, data.reason)
            for message_id, data in found
            if isinstance(data, PromptWanted) and UUID(data.patient_id) == self.patient_id
        ]


@pytest.fixture
def ward(post: Post) -> Ward:
    return Ward(post)


async def test_unread_messages_are_prompted_again_at_new_contact_data(ward: Ward) -> None:
    read, shown, unread = [await ward.message() for _ in range(3)]
    await ward.post.open(ward.patient, read)
    await ward.post.mailbox(ward.patient, 2)
    await ward.bus.changed(ward.patient_id, version=2, contact=2)
    expected = [(each, 2, PROMPT_REASON_CONTACT_CHANGED) for each in (shown, unread)]
    assert await ward.wanted() == expected
    await ward.bus.changed(ward.patient_id, version=3, contact=2, bound=True)
    await ward.bus.changed(ward.patient_id, version=2, contact=2)
    assert await ward.wanted() == expected


async def test_they_are_prompted_once_the_patient_can_be_written_to(ward: Ward) -> None:
    message_id = await ward.message()
    await ward.bus.changed(ward.patient_id, version=2, contact=2, conflict=True)
    await ward.bus.changed(ward.patient_id, version=3, contact=3, has_mobile=False)
    assert await ward.wanted() == []
    await ward.bus.changed(ward.patient_id, version=4, contact=4, objected=True)
    assert await ward.wanted() == []
    await ward.bus.changed(ward.patient_id, version=5, contact=4)
    assert await ward.wanted() == [(message_id, 4, PROMPT_REASON_CONTACT_CHANGED)]


async def test_what_is_held_or_was_rejected_is_not_prompted_at_new_contact_data(ward: Ward) -> None:
    await ward.to_many(9)
    held = await ward.post.send(ward.author, ward.patient_id, body="Jetzt zur Grippeimpfung!")
    assert held.held
    await ward.bus.changed(ward.patient_id, version=2, contact=2)
    await ward.reject(ward.colleague, held.message_id)
    await ward.bus.changed(ward.patient_id, version=3, contact=3)
    assert await ward.wanted() == []


async def test_staff_ask_for_a_further_prompt_once_per_request(ward: Ward) -> None:
    message_id, request_id = await ward.message(), str(uuid4())
    answers = [await ward.prompt_again(ward.colleague, message_id, request_id) for _ in range(2)]
    assert answers[0] == answers[1]
    assert await ward.wanted() == [(message_id, 1, PROMPT_REASON_ASKED_AGAIN)]
    await ward.prompt_again(ward.colleague, message_id)
    assert len(await ward.wanted()) == 2


async def test_what_was_read_answered_or_held_needs_no_prompt(ward: Ward) -> None:
    message_id = await ward.message()
    reply = await ward.post.reply(ward.patient, message_id)
    assert await reason(ward.prompt_again(ward.author, reply.message_id)) == "PROMPT_NOT_NEEDED"
    await ward.post.open(ward.patient, message_id)
    assert await reason(ward.prompt_again(ward.author, message_id)) == "PROMPT_NOT_NEEDED"
    _, held = await ward.held()
    assert await reason(ward.prompt_again(ward.author, held)) == "PROMPT_NOT_NEEDED"


async def test_nobody_asks_for_a_strangers_prompt_or_one_to_who_objected(ward: Ward) -> None:
    message_id = await ward.message()
    assert await reason(ward.prompt_again(staff(), message_id)) == "MESSAGE_NOT_FOUND"
    assert await reason(ward.prompt_again(ward.author, str(uuid4()))) == "MESSAGE_NOT_FOUND"
    ward.post.knows(ward.practice_id, ward.patient_id, version=2, objected=True)
    await ward.bus.changed(ward.patient_id, version=2, objected=True)
    assert await reason(ward.prompt_again(ward.author, message_id)) == "PATIENT_OBJECTED"
    assert await ward.wanted() == []


async def test_a_message_is_said_to_be_shown_once(ward: Ward) -> None:
    first, second = await ward.message(), await ward.message()
    await ward.post.open(ward.patient, first)
    for _ in range(2):
        await ward.post.mailbox(ward.patient)
    [(message_id, data)] = await ward.published("messaging.message_shown")
    assert message_id == second
    assert isinstance(data, MessageShown)
    assert data.patient_id == str(ward.patient_id)


async def test_evidence_of_a_mail_server_does_not_make_it_shown(ward: Ward) -> None:
    message_id = await ward.message()
    await ward.bus.delivered(message_id)
    assert await ward.published("messaging.message_shown") == []
    await ward.post.mailbox(ward.patient)
    assert [each for each, _ in await ward.published("messaging.message_shown")] == [message_id]
