"""Delivery reports by real SMTP: what they are evidence of, and that nothing else is taken."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from uuid import UUID, uuid4

import aiosmtplib
import pytest
from prometheus_client import CollectorRegistry

from chassis.database import Database
from deploy.local.catcher.reports import delivery_report
from praxispost.notifier.v1.events_pb2 import PromptDelivered, PromptFailed, PromptFailure
from services.notifier.bounces.receiver import Receiver, connections
from services.notifier.bounces.recording import Recording
from services.notifier.mail.return_path import return_path
from services.notifier.prompts import addressees
from services.notifier.prompts.standing import Reason
from tests.integration.notifier.conftest import Urls
from tests.integration.notifier.mail_server import mail_server
from tests.integration.notifier.sending import (
    CONTACT,
    PRACTICE,
    People,
    deliver,
    message_sent,
    published,
    until_prompts,
    working,
)

_WHO = "erika@mail.example"


@dataclass
class Exchangers:
    """Stands for the DNS."""

    known: frozenset[str] = frozenset()

    async def of(self, domain: str) -> frozenset[str]:
        return self.known


@dataclass
class Bounce:
    """The receiver, a prompt that went, and its message."""

    database: Database
    port: int
    exchangers: Exchangers
    prompt_id: UUID
    patient_id: UUID
    message_id: str
    domain: str = "post.example"
    answers: list[str] = field(default_factory=list)

    async def send(self, content: bytes, *, to: str = "", sender: str = "") -> str:
        """Hand a mail over and return the last answer."""
        async with aiosmtplib.SMTP(
            hostname="127.0.0.1", port=self.port, use_tls=False, start_tls=False
        ) as server:
            try:
                await server.mail(sender)
                await server.rcpt(to or return_path(self.prompt_id, self.domain))
                answer = await server.data(content)
            except aiosmtplib.SMTPResponseException as refused:
                return f"{refused.code} {refused.message}"
        return f"{answer.code} {answer.message}"

    async def report(self, action: str, status: str, remote_mta: str = "") -> str:
        """Hand a report about the prompt over."""
        path = return_path(self.prompt_id, self.domain)
        return await self.send(delivery_report(path, _WHO, action, status, remote_mta=remote_mta).as_bytes())

    async def told(self) -> list[str]:
        """The types of what was published after the acceptance."""
        return [each.type for each in await published(self.database)][1:]


@pytest.fixture
async def bounce(database: Database, notifier_urls: Urls) -> AsyncIterator[Bounce]:
    event = message_sent()
    async with (
        mail_server() as server,
        working(database, notifier_urls.app, People(CONTACT), server.port),
    ):
        await deliver(database, event)
        [row] = await until_prompts(database, lambda rows: bool(rows) and rows[0].state == "accepted")
    exchangers = Exchangers()
    recording = Recording(database, exchangers, clock=lambda: datetime.now(UTC))
    receiver = Receiver(recording, "post.example", CollectorRegistry())
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(connections(receiver, "post.example"), "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    try:
        yield Bounce(database, port, exchangers, row.id, row.patient_id, event.aggregate_id)
    finally:
        listening.close()


async def test_a_report_that_it_was_delivered_is_evidence_once(bounce: Bounce) -> None:
    assert (await bounce.report("delivered", "2.0.0")).startswith("250")
    assert (await bounce.report("delivered", "2.0.0")).startswith("250")
    [_, delivered] = await published(bounce.database)
    assert delivered.type == "notifier.prompt_delivered"
    data = PromptDelivered.FromString(delivered.data)
    assert (data.message_id, data.contact_version) == (bounce.message_id, 7)


async def test_a_relay_that_tells_no_more_is_no_evidence_but_the_recipients_own_server_is(
    bounce: Bounce,
) -> None:
    assert (await bounce.report("relayed", "2.0.0", "smarthost.example")).startswith("250")
    assert await bounce.told() == []
    bounce.exchangers.known = frozenset({"mx.big.example"})
    assert (await bounce.report("relayed", "2.0.0", "mx.big.example")).startswith("250")
    assert await bounce.told() == ["notifier.prompt_delivered"]


async def test_a_delay_is_told(bounce: Bounce) -> None:
    await bounce.report("delayed", "4.4.1")
    assert await bounce.told() == ["notifier.prompt_delayed"]


async def test_a_late_bounce_fails_the_prompt_and_makes_the_address_suspect(bounce: Bounce) -> None:
    await bounce.report("delivered", "2.0.0")
    await bounce.report("failed", "5.1.1")
    assert await bounce.told() == [
        "notifier.prompt_delivered",
        "notifier.prompt_failed",
        "notifier.address_suspected",
    ]
    failed = PromptFailed.FromString((await published(bounce.database))[2].data)
    assert failed.failure == PromptFailure.PROMPT_FAILURE_ADDRESS_REFUSED
    async with bounce.database.transaction([PRACTICE]) as tx:
        standing = await addressees.read(tx, PRACTICE, bounce.patient_id)
    assert standing.suspicion is not None
    assert (standing.suspicion.reason, standing.suspicion.contact_version) == (Reason.BOUNCED, 7)


async def test_a_full_mailbox_fails_the_prompt_and_leaves_the_address_alone(bounce: Bounce) -> None:
    await bounce.report("failed", "5.2.2")
    assert await bounce.told() == ["notifier.prompt_failed"]


async def test_an_answer_is_refused_with_a_sentence_and_not_stored(bounce: Bounce) -> None:
    answer = EmailMessage()
    answer["Subject"] = "Re: Neue Nachricht"
    answer.set_content("Ich habe Kopfschmerzen.")
    content = answer.as_bytes()
    path = return_path(bounce.prompt_id, bounce.domain)
    for to, sender in (
        ("hinweis@post.example", "erika@mail.example"),
        ("hinweis@post.example", ""),
        (path, "erika@mail.example"),
        (path, ""),
        (return_path(bounce.prompt_id, "other.example"), ""),
    ):
        refused = await bounce.send(content, to=to, sender=sender)
        assert refused.startswith("550"), refused
        assert "Praxis" in refused
    assert await bounce.told() == []


async def test_a_report_of_no_letter_of_ours_is_refused(bounce: Bounce) -> None:
    unknown = return_path(uuid4(), bounce.domain)
    report = delivery_report(unknown, _WHO, "failed", "5.1.1").as_bytes()
    assert (await bounce.send(report, to=unknown)).startswith("550")


async def test_a_report_that_is_too_large_is_refused(bounce: Bounce) -> None:
    assert (await bounce.send(b"Subject: x\r\n\r\n" + b"x\r\n" * 200_000)).startswith("552")


async def test_whatever_is_sent_the_next_one_is_served(bounce: Bounce) -> None:
    for noise in (b"\x00\xff" * 500 + b"\r\n", b"GET / HTTP/1.1\r\n\r\n", b"DATA\r\n.\r\n", b"x" * 100_000):
        reader, writer = await asyncio.open_connection("127.0.0.1", bounce.port)
        writer.write(noise)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
            await reader.readline()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    assert (await bounce.report("delivered", "2.0.0")).startswith("250")
