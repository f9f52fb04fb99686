"""What others tell of prompts and patients turns ticks, in any order, and each of it once."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import permutations
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from google.protobuf.message import Message
from prometheus_client import CollectorRegistry

from chassis.caller import Caller
from chassis.events import Event, envelop
from praxispost.attachments.v1.events_pb2 import AttachmentOpened
from praxispost.identity.v1.events_pb2 import PatientChanged
from praxispost.messaging.v1 import messaging_pb2 as wire
from praxispost.notifier.v1 import events_pb2
from services.messaging.messages.domain import Direction
from services.messaging.messages.rows import SUMMARY_COLUMNS, stored_message
from services.messaging.metrics import Metrics
from services.messaging.patients.learning import PatientEvents
from services.messaging.receipts import storage
from services.messaging.receipts.domain import derive
from services.messaging.receipts.events import ReceiptEvents
from services.messaging.receipts.facts import Contact
from tests.integration.messaging.post import Post, account, staff

_START = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)


class Bus:
    """Hands events to the handlers as the inbox does: one transaction each, limited to the practice."""

    def __init__(self, post: Post, practice_id: UUID) -> None:
        self._post = post
        self._practice_id = practice_id
        self.registry = CollectorRegistry()
        self._receipts = ReceiptEvents(post.clock, Metrics(self.registry))

    async def deliver(self, kind: str, about: UUID, version: int, data: Message, event_id: UUID) -> None:
        event = Event(kind, self._practice_id, about, version, _START, data)
        async with self._post.database.transaction([self._practice_id]) as tx:
            await self._receipts.together[kind](tx, [envelop(event, event_id)])

    async def accepted_together(self, *about: tuple[UUID, str]) -> None:
        """Prompts for messages of several practices, told at once."""
        envelopes = []
        for practice_id, message_id in about:
            data = events_pb2.PromptAccepted(message_id=message_id, contact_version=1)
            data.accepted_at.FromDatetime(_START + timedelta(minutes=1))
            event = Event("notifier.prompt_accepted", practice_id, uuid4(), 1, _START, data)
            envelopes.append(envelop(event, uuid4()))
        async with self._post.database.transaction({practice_id for practice_id, _ in about}) as tx:
            await self._receipts.record(tx, [*envelopes, envelopes[0]])

    async def accepted(
        self,
        message_id: str,
        *,
        minute: int = 1,
        contact: int = 1,
        event_id: UUID | None = None,
        prompt: UUID | None = None,
    ) -> None:
        data = events_pb2.PromptAccepted(message_id=message_id, contact_version=contact)
        data.accepted_at.FromDatetime(_START + timedelta(minutes=minute))
        await self.deliver("notifier.prompt_accepted", prompt or uuid4(), 1, data, event_id or uuid4())

    async def delivered(
        self, message_id: str, *, minute: int = 2, contact: int = 1, prompt: UUID | None = None
    ) -> None:
        data = events_pb2.PromptDelivered(message_id=message_id, contact_version=contact)
        data.delivered_at.FromDatetime(_START + timedelta(minutes=minute))
        await self.deliver("notifier.prompt_delivered", prompt or uuid4(), 1, data, uuid4())

    async def delayed(self, message_id: str, prompt: UUID, *, minute: int = 2) -> None:
        data = events_pb2.PromptDelayed(message_id=message_id, contact_version=1)
        data.delayed_at.FromDatetime(_START + timedelta(minutes=minute))
        await self.deliver("notifier.prompt_delayed", prompt, 1, data, uuid4())

    async def attachment_opened(self, message_id: str, attachment_id: UUID) -> None:
        data = AttachmentOpened(message_id=message_id)
        await self.deliver("attachments.attachment_opened", attachment_id, 1, data, uuid4())

    async def failed(
        self,
        message_id: str,
        *,
        minute: int = 2,
        contact: int = 1,
        why: events_pb2.PromptFailure.ValueType = events_pb2.PROMPT_FAILURE_ADDRESS_REFUSED,
    ) -> None:
        data = events_pb2.PromptFailed(message_id=message_id, contact_version=contact, failure=why)
        data.failed_at.FromDatetime(_START + timedelta(minutes=minute))
        await self.deliver("notifier.prompt_failed", uuid4(), 1, data, uuid4())

    async def changed(self, patient_id: UUID, *, version: int, contact: int = 1, **flags: bool) -> None:
        usual = {"has_email": True, "has_mobile": True, "conflict": False, "bound": False}
        data = PatientChanged(contact_version=contact, **usual | flags)
        handler = PatientEvents(self._post.clock).changed
        await self._post.hear(handler, self._practice_id, patient_id, version, data)


class Street:
    """One message from one practice to one patient, and the bus that tells of it."""

    def __init__(self, post: Post, physician: Caller, patient_id: UUID, message_id: str) -> None:
        self.post = post
        self.physician = physician
        self.patient_id = patient_id
        self.message_id = message_id
        self.bus = Bus(post, physician.tenants[0])

    async def receipt(self) -> wire.Receipt:
        return (await self.post.receipt(self.physician, self.message_id)).receipt

    async def tick(self) -> wire.ReceiptState.ValueType:
        return (await self.receipt()).state


@pytest_asyncio.fixture
async def street(post: Post) -> AsyncIterator[Street]:
    physician = staff()
    patient_id = post.patient(physician.tenants[0])
    sent = await post.send(physician, patient_id)
    yield Street(post, physician, patient_id, sent.message_id)


async def test_an_accepted_prompt_turns_the_clock_into_a_tick(street: Street) -> None:
    await street.bus.accepted(street.message_id, minute=3)
    receipt = await street.receipt()
    assert receipt.state == wire.RECEIPT_STATE_SENT
    assert receipt.sent_at.ToDatetime(UTC) == _START + timedelta(minutes=3)
    kinds = [each.kind for each in (await street.post.changes(street.physician)).changes]
    assert kinds == [wire.CHANGE_KIND_MESSAGE, wire.CHANGE_KIND_RECEIPT]


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        (events_pb2.PROMPT_FAILURE_ADDRESS_REFUSED, wire.FAILURE_REASON_ADDRESS_REFUSED),
        (events_pb2.PROMPT_FAILURE_EXPIRED, wire.FAILURE_REASON_EXPIRED),
        (events_pb2.PROMPT_FAILURE_OWN_FAULT, wire.FAILURE_REASON_OWN_FAULT),
        (events_pb2.PROMPT_FAILURE_CONTACT_MISSING, wire.FAILURE_REASON_CONTACT_CONFLICT),
        (events_pb2.PROMPT_FAILURE_UNSPECIFIED, wire.FAILURE_REASON_OWN_FAULT),
    ],
)
async def test_a_failed_prompt_says_why(
    street: Street, why: events_pb2.PromptFailure.ValueType, reason: wire.FailureReason.ValueType
) -> None:
    await street.bus.failed(street.message_id, why=why)
    receipt = await street.receipt()
    assert (receipt.state, receipt.failure_reason) == (wire.RECEIPT_STATE_FAILED, reason)


async def test_the_same_event_twice_is_one_fact(street: Street) -> None:
    event_id = uuid4()
    for _ in range(2):
        await street.bus.accepted(street.message_id, event_id=event_id)
    assert len((await street.post.receipt(street.physician, street.message_id)).facts) == 2
    assert len((await street.post.changes(street.physician)).changes) == 2


async def test_prompts_of_several_practices_that_are_told_at_once_turn_all_their_ticks(
    street: Street,
) -> None:
    colleague = staff()
    other_practice = colleague.tenants[0]
    patient_id = street.post.patient(other_practice)
    theirs = [(await street.post.send(colleague, patient_id)).message_id for _ in range(3)]
    own_practice = street.physician.tenants[0]
    await street.bus.accepted_together(
        (own_practice, street.message_id),
        *((other_practice, each) for each in theirs),
        (other_practice, street.message_id),
        (own_practice, str(uuid4())),
    )
    assert await street.tick() == wire.RECEIPT_STATE_SENT
    for message_id in theirs:
        found = await street.post.receipt(colleague, message_id)
        assert found.receipt.state == wire.RECEIPT_STATE_SENT
        assert len(found.facts) == 2
    assert len((await street.post.receipt(street.physician, street.message_id)).facts) == 2


async def test_an_event_about_no_message_changes_nothing(street: Street) -> None:
    await street.bus.accepted(str(uuid4()))
    assert await street.tick() == wire.RECEIPT_STATE_QUEUED


async def test_another_practices_event_cannot_touch_the_message(street: Street) -> None:
    await Bus(street.post, uuid4()).failed(street.message_id)
    assert await street.tick() == wire.RECEIPT_STATE_QUEUED


async def test_a_late_failure_takes_back_sent_but_neither_received_nor_read(street: Street) -> None:
    patient = account((street.physician.tenants[0], street.patient_id))
    await street.bus.accepted(street.message_id)
    await street.bus.failed(street.message_id)
    assert await street.tick() == wire.RECEIPT_STATE_FAILED
    await street.post.mailbox(patient)
    assert await street.tick() == wire.RECEIPT_STATE_RECEIVED
    await street.post.open(patient, street.message_id)
    await street.bus.failed(street.message_id, minute=9)
    assert await street.tick() == wire.RECEIPT_STATE_READ


async def test_the_patients_own_server_makes_it_received_until_a_late_bounce(street: Street) -> None:
    prompt = uuid4()
    await street.bus.delivered(street.message_id, minute=1, prompt=prompt)
    await street.bus.accepted(street.message_id, minute=2, prompt=prompt)
    receipt = await street.receipt()
    assert (receipt.state, receipt.received_evidence) == (
        wire.RECEIPT_STATE_RECEIVED,
        wire.RECEIVED_EVIDENCE_MAIL_SERVER,
    )
    assert receipt.received_at.ToDatetime(UTC) == _START + timedelta(minutes=1)
    assert not receipt.HasField("unconfirmed_from")
    await street.bus.accepted(street.message_id, minute=5)
    assert await street.tick() == wire.RECEIPT_STATE_RECEIVED
    await street.bus.failed(street.message_id, minute=6)
    assert await street.tick() == wire.RECEIPT_STATE_FAILED


async def test_being_shown_is_better_evidence_than_the_mail_server(street: Street) -> None:
    await street.bus.delivered(street.message_id)
    patient = account((street.physician.tenants[0], street.patient_id))
    await street.post.mailbox(patient)
    receipt = await street.receipt()
    assert receipt.received_evidence == wire.RECEIVED_EVIDENCE_SHOWN_IN_MAILBOX
    await street.bus.failed(street.message_id, minute=9)
    assert await street.tick() == wire.RECEIPT_STATE_RECEIVED


async def test_new_contact_data_take_back_what_the_old_server_said(street: Street) -> None:
    await street.bus.delivered(street.message_id)
    await street.bus.changed(street.patient_id, version=2, contact=2)
    assert await street.tick() == wire.RECEIPT_STATE_QUEUED


async def test_a_delay_is_shown_until_more_is_known(street: Street) -> None:
    prompt = uuid4()
    await street.bus.delayed(street.message_id, prompt, minute=9)
    assert await street.tick() == wire.RECEIPT_STATE_QUEUED
    await street.bus.accepted(street.message_id, minute=1, prompt=prompt)
    receipt = await street.receipt()
    assert receipt.state == wire.RECEIPT_STATE_SENT
    assert receipt.delayed_at.ToDatetime(UTC) == _START + timedelta(minutes=9)
    assert receipt.unconfirmed_from.ToDatetime(UTC) == _START + timedelta(hours=24, minutes=1)
    await street.bus.delivered(street.message_id, minute=12, prompt=prompt)
    assert not (await street.receipt()).HasField("delayed_at")


async def test_an_opened_attachment_is_a_fact_of_its_own(street: Street) -> None:
    first, second = uuid4(), uuid4()
    for attachment_id in (first, second, first):
        await street.bus.attachment_opened(street.message_id, attachment_id)
    known = await street.post.receipt(street.physician, street.message_id)
    assert known.receipt.attachments_opened == 2
    assert known.receipt.state == wire.RECEIPT_STATE_QUEUED
    opened = [each for each in known.facts if each.kind == wire.RECEIPT_FACT_KIND_ATTACHMENT_OPENED]
    assert {each.attachment_id for each in opened} == {str(first), str(second)}


async def test_a_corrected_address_starts_again_at_queued(street: Street) -> None:
    await street.bus.failed(street.message_id)
    await street.bus.changed(street.patient_id, version=2, contact=2)
    assert await street.tick() == wire.RECEIPT_STATE_QUEUED
    await street.bus.failed(street.message_id, minute=8)
    assert await street.tick() == wire.RECEIPT_STATE_QUEUED
    await street.bus.accepted(street.message_id, minute=5, contact=2)
    assert await street.tick() == wire.RECEIPT_STATE_SENT


async def test_identitys_answer_to_a_send_counts_like_its_event(street: Street) -> None:
    practice_id = street.physician.tenants[0]
    await street.bus.failed(street.message_id)
    await street.bus.changed(street.patient_id, version=2, contact=2, has_mobile=False)
    street.post.knows(practice_id, street.patient_id, version=3, contact_version=3)
    await street.post.send(street.physician, street.patient_id)
    await street.bus.failed(street.message_id, contact=2, minute=8)
    assert await street.tick() == wire.RECEIPT_STATE_QUEUED


async def test_an_older_state_of_the_patient_is_not_believed(street: Street) -> None:
    await street.bus.changed(street.patient_id, version=5, contact=2)
    await street.bus.changed(street.patient_id, version=4, contact=1, has_email=False)
    street.post.neighbours.away.add("identity")
    await street.post.send(street.physician, street.patient_id)


async def test_the_tick_is_what_the_facts_say_in_every_order(post: Post) -> None:
    physician = staff()
    practice_id = physician.tenants[0]
    bus = Bus(post, practice_id)
    ticks = set()
    for order in permutations(range(3)):
        patient_id = post.patient(practice_id)
        message_id = (await post.send(physician, patient_id)).message_id
        steps: list[Callable[[], Awaitable[object]]] = [
            partial(bus.failed, message_id, minute=2, contact=1),
            partial(bus.changed, patient_id, version=2, contact=2),
            partial(bus.accepted, message_id, minute=1, contact=2),
        ]
        for place in order:
            await steps[place]()
        ticks.add((await post.receipt(physician, message_id)).receipt.state)
    assert ticks == {wire.RECEIPT_STATE_SENT}


async def test_every_stored_tick_can_be_recomputed_from_the_facts(post: Post) -> None:
    chance = random.Random(7)
    physician = staff()
    practice_id, patient_id = physician.tenants[0], post.patient(physician.tenants[0])
    patient, bus = account((practice_id, patient_id)), Bus(post, practice_id)
    messages = [(await post.send(physician, patient_id)).message_id for _ in range(12)]
    replied = await post.reply(patient, messages[0])
    await post.open(physician, replied.message_id)
    for step in range(60):
        message_id = chance.choice(messages)
        steps: list[Callable[[], Awaitable[object]]] = [
            partial(bus.accepted, message_id, minute=chance.randrange(60), contact=1 + step // 20),
            partial(bus.failed, message_id, minute=chance.randrange(60), contact=step // 20),
            partial(bus.delivered, message_id, minute=chance.randrange(60), contact=1 + step // 20),
            partial(bus.changed, patient_id, version=1 + step // 9, contact=1 + step // 20),
            partial(post.open, patient, chance.choice(messages[:3])),
            partial(post.mailbox, patient, 2),
        ]
        await chance.choice(steps)()
    async with post.database.transaction([practice_id]) as tx:
        stored = [stored_message(row) for row in await tx.execute(SUMMARY_COLUMNS[0].table.select())]
        facts = await storage.facts_of(tx, [(each.practice_id, each.id) for each in stored])
        contacts = await storage.contacts_of(tx, [(practice_id, patient_id)])
    contact: Contact = contacts[practice_id, patient_id]
    assert len({each.receipt.state for each in stored if each.direction is Direction.TO_PATIENT}) > 2
    for each in stored:
        assert each.receipt == derive(each.direction, facts[each.practice_id, each.id], contact)


async def test_the_ways_between_the_states_are_measured(street: Street) -> None:
    await street.bus.accepted(street.message_id)
    patient = account((street.physician.tenants[0], street.patient_id))
    await street.post.mailbox(patient)
    await street.post.open(patient, street.message_id)

    def count(registry: CollectorRegistry, stage: str) -> float | None:
        return registry.get_sample_value("praxispost_receipt_latency_seconds_count", {"stage": stage})

    assert count(street.bus.registry, "queued_to_sent") == 1
    assert count(street.post.telemetry.registry, "sent_to_received") == 1
    assert count(street.post.telemetry.registry, "received_to_read") == 1
