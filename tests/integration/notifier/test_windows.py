"""Prompts over time: the window, the reminder, addresses that are suspect, and patients who want none."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from google.protobuf.message import Message
from sqlalchemy import func, select

from chassis.database import Database
from chassis.events import Event, envelop
from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.identity.v1.events_pb2 import PatientChanged
from praxispost.messaging.v1 import events_pb2
from praxispost.notifier.v1.events_pb2 import (
    AddressSuspected,
    PromptAccepted,
    PromptFailed,
    PromptFailure,
)
from services.notifier.language import Language
from services.notifier.prompts.contacts import Contact
from services.notifier.prompts.reminding import Reminding
from services.notifier.tables import chassis_tables
from tests.integration.chassis.waiting import eventually
from tests.integration.notifier.conftest import Urls
from tests.integration.notifier.mail_server import mail_server
from tests.integration.notifier.sending import (
    CONTACT,
    PRACTICE,
    REMINDER_AFTER,
    WINDOW,
    Clock,
    People,
    deliver,
    published,
    until_prompts,
    wake_sender,
    working,
)

_SOON = timedelta(seconds=1)


def _event(kind: str, aggregate_id: UUID, data: Message, *, version: int = 1) -> Envelope:
    return envelop(Event(kind, PRACTICE, aggregate_id, version, datetime.now(UTC), data), uuid4())


def _sent(message_id: UUID, patient_id: UUID) -> Envelope:
    data = events_pb2.MessageSent(patient_id=str(patient_id), conversation_id=str(uuid4()))
    return _event("messaging.message_sent", message_id, data)


def _read(message_id: UUID, patient_id: UUID) -> Envelope:
    return _event("messaging.message_read", message_id, events_pb2.MessageRead(patient_id=str(patient_id)))


def _shown(message_id: UUID, patient_id: UUID) -> Envelope:
    return _event("messaging.message_shown", message_id, events_pb2.MessageShown(patient_id=str(patient_id)))


def _wanted(message_id: UUID, patient_id: UUID) -> Envelope:
    data = events_pb2.PromptWanted(
        patient_id=str(patient_id), reason=events_pb2.PROMPT_REASON_ASKED_AGAIN, contact_version=7
    )
    return _event("messaging.prompt_wanted", message_id, data)


def _record(patient_id: UUID, version: int, **flags: bool) -> Envelope:
    data = PatientChanged(contact_version=7, has_email=True, has_mobile=True, **flags)
    return _event("identity.patient_changed", patient_id, data, version=version)


def _settled(count: int) -> Any:
    return lambda rows: [row.state != "waiting" for row in rows] == [True] * count


def _kinds(rows: list[Any]) -> list[tuple[str, str]]:
    return [(row.kind, row.state) for row in rows]


async def _handled(database: Database, *envelopes: Envelope) -> None:
    """Deliver events and wait until the inbox is done with them."""
    inbox = chassis_tables.inbox
    await deliver(database, *envelopes)

    async def done() -> bool:
        async with database.transaction() as tx:
            query = select(func.count()).select_from(inbox).where(inbox.c.state != "done")
            return (await tx.execute(query)).scalar_one() == 0

    await eventually(done)


async def _accepted(database: Database) -> list[str]:
    return [
        PromptAccepted.FromString(each.data).message_id
        for each in await published(database)
        if each.type == "notifier.prompt_accepted"
    ]


async def test_messages_within_the_window_get_one_further_prompt_at_its_end(
    database: Database, notifier_urls: Urls
) -> None:
    clock, patient = Clock(), uuid4()
    first, *others = messages = [uuid4() for _ in range(4)]
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, People(CONTACT), server.port, clock=clock),
    ):
        await deliver(database, _sent(first, patient))
        await until_prompts(database, _settled(1))
        await _handled(database, *(_sent(each, patient) for each in others))
        assert len(server.mails) == 1
        clock.ahead += WINDOW
        await wake_sender(database)
        rows = await until_prompts(database, _settled(2))
        assert len(server.mails) == 2
        assert len({mail.return_path for mail in server.mails}) == 2
    assert _kinds(rows) == [("first", "accepted"), ("gathered", "accepted")]
    assert sorted(await _accepted(database)) == sorted(map(str, messages))


async def test_another_patient_does_not_wait_for_anybodys_window(
    database: Database, notifier_urls: Urls
) -> None:
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, People(CONTACT), server.port),
    ):
        await deliver(database, _sent(uuid4(), uuid4()), _sent(uuid4(), uuid4()))
        rows = await until_prompts(database, _settled(2))
    assert [row.kind for row in rows] == ["first", "first"]


async def test_what_was_seen_or_read_within_the_window_needs_no_further_prompt(
    database: Database, notifier_urls: Urls
) -> None:
    clock, patient = Clock(), uuid4()
    first, seen, read = uuid4(), uuid4(), uuid4()
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, People(CONTACT), server.port, clock=clock),
    ):
        await deliver(database, _sent(first, patient))
        await until_prompts(database, _settled(1))
        await _handled(database, _sent(seen, patient), _sent(read, patient))
        await _handled(database, _shown(seen, patient), _read(read, patient))
        clock.ahead += WINDOW
        await wake_sender(database)
        rows = await until_prompts(database, _settled(2))
        assert len(server.mails) == 1
    assert _kinds(rows) == [("first", "accepted"), ("gathered", "dropped")]
    assert await _accepted(database) == [str(first)]


async def test_a_message_that_was_read_before_its_event_came_is_not_prompted(
    database: Database, notifier_urls: Urls
) -> None:
    message, patient = uuid4(), uuid4()
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, People(CONTACT), server.port),
    ):
        await _handled(database, _read(message, patient))
        await _handled(database, _sent(message, patient))
        assert await until_prompts(database, lambda rows: not rows) == []
        assert server.mails == []


async def test_a_prompt_that_is_wanted_again_goes_with_a_link_and_an_id_of_its_own(
    database: Database, notifier_urls: Urls
) -> None:
    clock, message, patient = Clock(), uuid4(), uuid4()
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, People(CONTACT), server.port, clock=clock),
    ):
        await deliver(database, _sent(message, patient))
        await until_prompts(database, _settled(1))
        clock.ahead += WINDOW
        await deliver(database, _wanted(message, patient))
        rows = await until_prompts(database, _settled(2))
        first, again = server.mails
        assert first.message["Message-ID"] != again.message["Message-ID"]
    assert _kinds(rows) == [("first", "accepted"), ("again", "accepted")]
    assert len({row.reference for row in rows}) == 2
    assert await _accepted(database) == [str(message)] * 2


async def test_a_patient_is_reminded_once_of_all_that_is_unread(
    database: Database, notifier_urls: Urls
) -> None:
    clock, patient = Clock(), uuid4()
    unread, seen, read = uuid4(), uuid4(), uuid4()
    reminding = Reminding(database, clock=clock, new_id=uuid4)
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, People(CONTACT), server.port, clock=clock),
    ):
        await deliver(database, _sent(unread, patient))
        await until_prompts(database, _settled(1))
        await _handled(database, _sent(seen, patient), _sent(read, patient))
        clock.ahead += WINDOW
        await wake_sender(database)
        await until_prompts(database, _settled(2))
        await _handled(database, _shown(seen, patient), _read(read, patient))
        await reminding.run()
        clock.ahead += REMINDER_AFTER + _SOON
        assert await reminding.run()
        rows = await until_prompts(database, _settled(3))
        assert not await reminding.run()
        clock.ahead += REMINDER_AFTER * 2
        assert not await reminding.run()
        assert server.mails[-1].message["Subject"] == "Erinnerung: Nachricht von Praxis Müller"
    assert rows[-1].kind == "reminder"
    assert len(await _accepted(database)) == 3, "a reminder does not turn ticks back"


async def test_an_address_that_bounced_gets_no_more_prompts_until_it_is_confirmed(
    database: Database, notifier_urls: Urls
) -> None:
    clock, patient = Clock(), uuid4()
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, People(CONTACT), server.port, clock=clock),
    ):
        server.at_rcpt.append("550 5.1.1 unknown")
        await deliver(database, _sent(uuid4(), patient))
        await until_prompts(database, _settled(1))
        clock.ahead += WINDOW
        await deliver(database, _sent(uuid4(), patient))
        await until_prompts(database, _settled(2))
        assert server.mails == []
        await _handled(database, _record(patient, 2, address_suspect=True), _record(patient, 3))
        clock.ahead += WINDOW
        await deliver(database, _sent(uuid4(), patient))
        await until_prompts(database, _settled(3))
        assert len(server.mails) == 1
    told = await published(database)
    [suspected] = [each for each in told if each.type == "notifier.address_suspected"]
    assert suspected.aggregate_id == str(patient)
    assert AddressSuspected.FromString(suspected.data).contact_version == 7
    failures = [
        PromptFailed.FromString(each.data).failure for each in told if each.type == "notifier.prompt_failed"
    ]
    assert failures == [
        PromptFailure.PROMPT_FAILURE_ADDRESS_REFUSED,
        PromptFailure.PROMPT_FAILURE_ADDRESS_SUSPECT,
    ]


async def test_a_new_address_is_not_suspect(database: Database, notifier_urls: Urls) -> None:
    clock, patient = Clock(), uuid4()
    corrected = Contact("erika@new.example", 8, Language.GERMAN, "Praxis Müller", "")
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, People(CONTACT, corrected), server.port, clock=clock),
    ):
        server.at_rcpt.append("550 5.1.1 unknown")
        await deliver(database, _sent(uuid4(), patient))
        await until_prompts(database, _settled(1))
        clock.ahead += WINDOW
        await deliver(database, _sent(uuid4(), patient))
        await until_prompts(database, _settled(2))
        [mail] = server.mails
        assert mail.recipients == ("erika@new.example",)


async def test_whoever_objected_or_died_is_not_prompted(database: Database, notifier_urls: Urls) -> None:
    for flag in ("objected", "deceased", "archived"):
        patient = uuid4()
        async with (
            mail_server() as server,
            working(database, notifier_urls.app, People(CONTACT), server.port),
        ):
            await _handled(database, _record(patient, 2, **{flag: True}))
            await deliver(database, _sent(uuid4(), patient))
            await until_prompts(database, lambda rows: all(row.state == "failed" for row in rows))
            assert server.mails == []
    failed = [PromptFailed.FromString(each.data) for each in await published(database)]
    assert {each.failure for each in failed} <= {PromptFailure.PROMPT_FAILURE_NOT_WANTED}
