"""From the event that a message was sent to the relay's acceptance of its prompt."""

import re
import socket
from datetime import UTC, timedelta
from typing import Any
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry

from chassis.database import Database
from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.notifier.v1.events_pb2 import PromptAccepted, PromptFailed, PromptFailure
from services.notifier.language import Language
from services.notifier.prompts.contacts import Contact, ContactMissing, ContactsUnavailable
from tests.integration.chassis.waiting import eventually
from tests.integration.notifier.conftest import Urls
from tests.integration.notifier.mail_server import mail_server
from tests.integration.notifier.sending import (
    CONTACT,
    OTHER_PRACTICE,
    PRACTICE,
    Clock,
    People,
    attempts,
    deliver,
    message_sent,
    prompts,
    published,
    until_attempts,
    until_prompts,
    wake_sender,
    working,
)

_LATER = timedelta(seconds=6)  # past the first pause between two attempts


def _settled(found: list[Any]) -> bool:
    return bool(found) and all(each.state != "waiting" for each in found)


async def _only_failure(database: Database) -> PromptFailed:
    [envelope] = [each for each in await published(database) if each.type == "notifier.prompt_failed"]
    return PromptFailed.FromString(envelope.data)


async def _fail(database: Database, urls: Urls, people: People, at_rcpt: str = "250 OK") -> PromptFailed:
    async with mail_server() as server, working(database, urls.app, people, server.port):
        server.at_rcpt.append(at_rcpt)
        await deliver(database, message_sent())
        await until_prompts(database, _settled)
        assert server.mails == []
    return await _only_failure(database)


async def test_a_sent_message_is_prompted_once_and_its_acceptance_is_published(
    database: Database, notifier_urls: Urls
) -> None:
    event = message_sent()
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, People(CONTACT), server.port),
    ):
        await deliver(database, event)
        [mail] = await server.received(1)
        [row] = await until_prompts(database, _settled)

    assert (row.state, row.attempts, row.contact_version) == ("accepted", 1, 7)
    assert await attempts(database) == [(1, "accepted", 250)]

    message = mail.message
    assert mail.return_path == f"bounce+{row.id.hex}@post.example"
    assert mail.recipients == ("erika@mail.example",)
    assert message["From"] == "Praxis Müller <hinweis@post.example>"
    assert message["To"] == "erika@mail.example"
    assert message["Subject"] == "Neue Nachricht von Praxis Müller"
    assert message["Message-ID"] == f"<{row.id}@post.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    [text, html] = message.iter_parts()
    assert re.findall(r"https?://\S+", text.get_content()) == [f"https://post.example/m#{row.reference}"]
    assert html.get_content().count(f'href="https://post.example/m#{row.reference}"') == 1
    assert re.fullmatch(r"[\w-]{22}", row.reference)

    [accepted] = await published(database)
    assert (accepted.type, accepted.tenant_id) == ("notifier.prompt_accepted", str(PRACTICE))
    assert (accepted.aggregate_id, accepted.aggregate_version) == (str(row.id), 1)
    data = PromptAccepted.FromString(accepted.data)
    assert (data.message_id, data.contact_version) == (event.aggregate_id, 7)
    assert data.accepted_at == accepted.occurred_at


async def test_an_event_that_comes_again_prompts_nobody_again(
    database: Database, notifier_urls: Urls
) -> None:
    first = message_sent()
    again = Envelope()
    again.CopyFrom(first)
    again.event_id = str(uuid4())
    other = message_sent()
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, People(CONTACT), server.port),
    ):
        await deliver(database, first, again, other)
        await server.received(2)
        found = await until_prompts(database, lambda rows: len(rows) == 2 and _settled(rows))
        assert len(server.mails) == 2
    assert {str(row.message_id) for row in found} == {first.aggregate_id, other.aggregate_id}


async def test_a_prompt_does_not_wait_for_the_thousands_of_another_practice(
    database: Database, notifier_urls: Urls
) -> None:
    """The thousands stand in the inbox and are due; the other practice's message comes last."""
    others = Contact("jan@mail.example", 1, Language.GERMAN, "Praxis Anders", "")
    people = People(CONTACT)
    people.of[OTHER_PRACTICE] = others
    await deliver(database, *(message_sent() for _ in range(2_000)))
    async with mail_server() as server, working(database, notifier_urls.app, people, server.port):
        await server.received(1)
        before = len(server.mails)
        await deliver(database, message_sent(OTHER_PRACTICE))

        async def is_out() -> bool:
            return any(each.recipients == ("jan@mail.example",) for each in server.mails)

        await eventually(is_out)
        place = [each.recipients for each in server.mails].index(("jan@mail.example",))
    assert place - before < 500


async def test_messages_that_come_together_are_gathered_for_each_patient_as_if_they_came_one_by_one(
    database: Database, notifier_urls: Urls
) -> None:
    patient_id = uuid4()
    events = [message_sent(patient_id=patient_id) for _ in range(5)]
    events += [message_sent() for _ in range(20)]
    again = Envelope()
    again.CopyFrom(events[0])
    again.event_id = str(uuid4())
    await deliver(database, *events, again)
    async with mail_server() as server, working(database, notifier_urls.app, People(CONTACT), server.port):
        await server.received(21)
        found = await until_prompts(database, lambda rows: sum(row.state == "accepted" for row in rows) == 21)
    of_patient = [row for row in found if row.patient_id == patient_id]
    states = sorted((row.kind, row.state) for row in of_patient)
    assert states == [("first", "accepted"), ("gathered", "waiting")]
    assert len(found) == 22
    assert len(server.mails) == 21
    told = [PromptAccepted.FromString(each.data).message_id for each in await published(database)]
    assert len(told) == len(set(told)) == 21


async def test_prompts_are_written_in_the_patients_language(database: Database, notifier_urls: Urls) -> None:
    english = Contact("erika@mail.example", 1, Language.ENGLISH, "Test Practice", "")
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, People(english), server.port),
    ):
        await deliver(database, message_sent())
        [mail] = await server.received(1)
    assert mail.message["Subject"] == "New message from Test Practice"


async def test_many_prompts_share_a_few_connections_and_none_is_left_or_doubled(
    database: Database, notifier_urls: Urls
) -> None:
    events = [message_sent() for _ in range(60)]
    people = People(CONTACT)
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, people, server.port),
        working(database, notifier_urls.app, people, server.port),
    ):
        await deliver(database, *events)
        await until_prompts(database, lambda rows: len(rows) == 60 and _settled(rows))
        assert len(server.mails) == len({mail.return_path for mail in server.mails}) == 60
        assert server.connections <= 8
    assert {row.attempts for row in await prompts(database)} == {1}


async def test_a_4xx_is_tried_again_and_then_accepted(database: Database, notifier_urls: Urls) -> None:
    clock = Clock()
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, People(CONTACT), server.port, clock=clock),
    ):
        server.at_rcpt.append("451 4.7.1 <erika@mail.example>: greylisted")
        await deliver(database, message_sent())
        await until_attempts(database, 1)
        assert await published(database) == []
        clock.ahead += _LATER
        await wake_sender(database)
        [row] = await until_prompts(database, _settled)
    assert row.state == "accepted"
    assert await attempts(database) == [(1, "deferred", 451), (2, "accepted", 250)]
    assert [event.aggregate_version for event in await published(database)] == [2]


async def test_a_relay_that_was_down_gets_the_prompt_when_it_is_back(
    database: Database, notifier_urls: Urls
) -> None:
    clock = Clock()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with working(database, notifier_urls.app, People(CONTACT), port, clock=clock):
        await deliver(database, message_sent())
        await until_attempts(database, 1)
        async with mail_server(port=port) as server:
            clock.ahead += _LATER
            await wake_sender(database)
            await server.received(1)
            await until_prompts(database, _settled)
    assert await attempts(database) == [(1, "relay_unavailable", None), (2, "accepted", 250)]


async def test_a_refused_address_fails_at_once_and_says_so(database: Database, notifier_urls: Urls) -> None:
    failed = await _fail(database, notifier_urls, People(CONTACT), "550 5.1.1 <erika@mail.example>: unknown")
    assert failed.failure == PromptFailure.PROMPT_FAILURE_ADDRESS_REFUSED
    assert failed.contact_version == 7
    assert await attempts(database) == [(1, "address_refused", 550)]


async def test_a_patient_without_an_address_fails_at_once(database: Database, notifier_urls: Urls) -> None:
    failed = await _fail(database, notifier_urls, People(ContactMissing()))
    assert failed.failure == PromptFailure.PROMPT_FAILURE_CONTACT_MISSING
    assert failed.contact_version == 0


async def test_an_address_that_no_envelope_can_carry_is_refused_before_the_relay_sees_it(
    database: Database, notifier_urls: Urls
) -> None:
    odd = Contact("erika@mail.example\r\nRCPT TO:<otto@evil.example>", 3, Language.GERMAN, "P", "")
    failed = await _fail(database, notifier_urls, People(odd))
    assert failed.failure == PromptFailure.PROMPT_FAILURE_ADDRESS_REFUSED


async def test_identity_away_means_later_not_never(database: Database, notifier_urls: Urls) -> None:
    clock = Clock()
    people = People(ContactsUnavailable(), CONTACT)
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, people, server.port, clock=clock),
    ):
        await deliver(database, message_sent())
        await until_attempts(database, 1)
        clock.ahead += _LATER
        await wake_sender(database)
        await server.received(1)
        await until_prompts(database, _settled)
    assert await attempts(database) == [(1, "identity_unavailable", None), (2, "accepted", 250)]


async def test_a_name_that_cannot_stand_in_a_header_is_our_own_fault_after_five_tries(
    database: Database, notifier_urls: Urls
) -> None:
    clock = Clock()
    people = People(Contact("erika@mail.example", 3, Language.GERMAN, "Praxis\nBcc: otto@evil.example", ""))
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, people, server.port, clock=clock),
    ):
        await deliver(database, message_sent())
        for tries in range(1, 6):
            await until_attempts(database, tries)
            clock.ahead += timedelta(minutes=10)
            await wake_sender(database)
        await until_prompts(database, _settled)
        assert server.mails == []
    assert (await _only_failure(database)).failure == PromptFailure.PROMPT_FAILURE_OWN_FAULT


async def test_a_prompt_that_cannot_be_delivered_for_72_hours_expires(
    database: Database, notifier_urls: Urls
) -> None:
    clock = Clock()
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, People(CONTACT), server.port, clock=clock),
    ):
        server.at_rcpt.extend(["452 4.2.2 full"] * 2)
        await deliver(database, message_sent())
        await until_attempts(database, 1)
        clock.ahead += timedelta(hours=73)
        await wake_sender(database)
        await until_prompts(database, _settled)
    assert (await _only_failure(database)).failure == PromptFailure.PROMPT_FAILURE_EXPIRED


async def test_a_relay_that_refuses_us_for_72_hours_is_our_own_fault(
    database: Database, notifier_urls: Urls
) -> None:
    clock = Clock()
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, People(CONTACT), server.port, clock=clock),
    ):
        server.at_mail.extend(["550 5.7.1 sender not allowed"] * 2)
        await deliver(database, message_sent())
        await until_attempts(database, 1)
        assert await published(database) == []
        clock.ahead += timedelta(hours=73)
        await wake_sender(database)
        await until_prompts(database, _settled)
    assert (await _only_failure(database)).failure == PromptFailure.PROMPT_FAILURE_OWN_FAULT


async def test_metrics_tell_results_latency_and_the_last_success(
    database: Database, notifier_urls: Urls
) -> None:
    registry = CollectorRegistry()
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, People(CONTACT), server.port, registry=registry),
    ):
        server.at_rcpt.append("550 5.1.1 unknown")
        await deliver(database, message_sent())
        await until_prompts(database, _settled)
        await deliver(database, message_sent())
        await server.received(1)
        await until_prompts(database, lambda rows: len(rows) == 2 and _settled(rows))

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, labels)

    total = "praxispost_prompts_total"
    assert value(total, channel="email", result="accepted") == 1
    assert value(total, channel="email", result="failed_address_refused") == 1
    assert value("praxispost_prompt_seconds_count") == 1
    assert value("praxispost_prompts_oldest_due_age_seconds") == 0
    accepted_at = (await published(database))[-1].occurred_at.ToDatetime(UTC).timestamp()
    last_success = value("praxispost_prompts_last_success_timestamp_seconds")
    assert last_success == pytest.approx(accepted_at, abs=0.001)


@pytest.mark.parametrize("offered", [True, False])
async def test_a_relay_that_offers_reports_is_asked_for_them(
    database: Database, notifier_urls: Urls, *, offered: bool
) -> None:
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, People(CONTACT), server.port),
    ):
        server.offers_dsn = offered
        await deliver(database, message_sent())
        [mail] = await server.received(1)
        [row] = await until_prompts(database, _settled)
    asked = {
        "RET": "HDRS",
        "ENVID": row.id.hex,
        "NOTIFY": "SUCCESS,FAILURE,DELAY",
        "ORCPT": "rfc822;erika@mail.example",
    }
    assert mail.wanted == (asked if offered else {})
