"""How soon a prompt is with the mail relay, and how many a second beside a client that only sends mail.

What follows from a prompt (messaging hears of it) does not run while one worker's rate is measured.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Final
from uuid import uuid4

import aiosmtplib
import psycopg

from deploy.local.waiting import until
from services.notifier.language import Language
from services.notifier.mail.composing import Envelope, Sender, compose
from services.notifier.mail.settings import SmtpSettings, tls_context
from services.notifier.texts import Texts
from tests.bench import crowd
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_least, at_most
from tests.bench.latencies import percentile
from tests.story.cast import Practice, individual_text, message_to

_SOON: Final = at_most(250.0)
_FAST: Final = at_least(0.6)
_WORKER: Final = "notifier-worker"
_FOLLOWS: Final = "messaging-intake"
# As many connections as a worker has.
_CONNECTIONS: Final = 8
_WITH_INBOX: Final = ("identity", "messaging", "notifier")
_PRACTICE: Final = "Praxis mit vielen Briefen"
_DONE_SECONDS: Final = 900.0
_LOOK_SECONDS: Final = 0.02
# To be asked costs the relay time that it would have for letters.
_COUNT_SECONDS: Final = 0.1


def measure(bench: Bench) -> Iterator[Figure]:
    """One after the other on an idle system, then one worker's rate with all of a backlog before it.

    The baseline of the rate sends the same letters to the same relay over as many connections.
    """
    sends, backlog, rounds = (3, 30, 1) if bench.short else (100, 2_000, 3)
    practice, admin = bench.house.practice(_PRACTICE)
    patient_ids = crowd.record_all(admin.caller, crowd.contacts(backlog))
    crowd.until_prompted(practice.admin, crowd.write_to_all(practice.admin, patient_ids))
    bench.settle()
    milliseconds = [_milliseconds_to_relay(bench, practice) for _ in range(sends)]
    yield Figure("prompt: send to 250, idle, p50", percentile(milliseconds, 50), "ms")
    yield Figure("prompt: send to 250, idle, p95", percentile(milliseconds, 95), "ms", None, _SOON)

    alone, of_worker = [], []
    for _ in range(rounds):
        _until_idle(bench)
        alone.append(asyncio.run(_rate_of_client(bench, backlog)))
        of_worker.append(_rate_of_worker(bench, practice, patient_ids))
        bench.tell(f"prompts a second: a client alone {alone[-1]:.0f}, the worker {of_worker[-1]:.0f}")
    baseline = percentile(alone, 50)
    yield Figure(
        f"prompts of one worker, backlog of {backlog:,}", percentile(of_worker, 50), "/s", baseline, _FAST
    )


def _milliseconds_to_relay(bench: Bench, practice: Practice) -> float:
    """Until the relay has taken it and has told whoever waits for it, a little later than its 250."""
    patient = bench.house.patient(practice)
    catcher = bench.system.stores.catcher.client()
    _until_idle(bench)
    begun = time.perf_counter()
    practice.admin.messages.SendMessage(message_to(patient.id, body=individual_text()))
    catcher.wait_for_mail(patient.contact.email)
    took = time.perf_counter() - begun
    catcher.close()
    return took * 1000


def _rate_of_worker(bench: Bench, practice: Practice, patient_ids: list[str]) -> float:
    """The worker is stopped until the notifier has heard of all messages, then it finds them all."""
    worker = bench.system.processes[_WORKER]
    worker.stop()
    message_ids = crowd.write_to_all(practice.admin, patient_ids)
    until(
        lambda: _waiting(bench, "notifier") >= len(patient_ids),
        "the notifier has heard of all",
        _DONE_SECONDS,
    )
    bench.system.processes[_FOLLOWS].stop()
    worker.start()
    rate = _rate_at_relay(bench, len(patient_ids))
    bench.system.restart(_FOLLOWS)
    crowd.until_prompted(practice.admin, message_ids)
    return rate


def _rate_at_relay(bench: Bench, count: int) -> float:
    """Letters a second from the first quarter, which starting is part of, to the last letter."""
    catcher = bench.system.stores.catcher.client()
    begin = catcher.newest()
    first, last = begin + count // 4, begin + count
    _until_caught(catcher.newest, first)
    begun, at_begin = time.perf_counter(), catcher.newest()
    _until_caught(catcher.newest, last)
    took = time.perf_counter() - begun
    catcher.close()
    return (last - at_begin) / took


async def _rate_of_client(bench: Bench, count: int) -> float:
    """Letters a second of a client that has them ready, from the first quarter on, too."""
    access = bench.system.stores.catcher.smtp
    settings = SmtpSettings(
        access.host, access.port, "starttls", access.username, access.password, access.ca_file
    )
    letters = [_letter(bench) for _ in range(count)]
    connections = [
        aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=settings.password,
            start_tls=True,
            tls_context=tls_context(settings),
        )
        for _ in range(_CONNECTIONS)
    ]
    await asyncio.gather(*(each.connect() for each in connections))
    await _hand_over(connections, letters[: count // 4])
    rest = letters[count // 4 :]
    counted = len(rest)
    begun = time.perf_counter()
    await _hand_over(connections, rest)
    took = time.perf_counter() - begun
    await asyncio.gather(*(each.quit() for each in connections))
    return counted / took


async def _hand_over(connections: list[aiosmtplib.SMTP], letters: list[Envelope]) -> None:
    waiting = iter(letters)

    async def over(connection: aiosmtplib.SMTP) -> None:
        for letter in waiting:
            await connection.sendmail(letter.return_path, [letter.recipient], letter.content)

    await asyncio.gather(*(over(each) for each in connections))


def _letter(bench: Bench) -> Envelope:
    """As the worker makes them."""
    texts = Texts(bench.house.portal_url)
    content = texts.prompt(Language.GERMAN, practice=_PRACTICE, phone="030 5550123", reference="r" * 22)
    sender = Sender(_PRACTICE, "hinweis@praxispost.example")
    return compose(uuid4(), sender, "patient@post.example.com", content, datetime.now(UTC), reports=False)


def _until_idle(bench: Bench) -> None:
    """Nothing is on its way between the services, so that nothing else is measured with it.

    What is in RabbitMQ is in neither table for a moment, so it is looked twice.
    """
    for _ in range(2):
        for name in _WITH_INBOX:
            until(partial(_has_nothing, bench, name), f"{name} is idle", _DONE_SECONDS)
        time.sleep(_LOOK_SECONDS)


def _has_nothing(bench: Bench, service: str) -> bool:
    return _waiting(bench, service) == 0


def _waiting(bench: Bench, service: str) -> int:
    """Events that a service is still to publish or to handle."""
    with psycopg.connect(bench.system.stores.postgres.database(service).app) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL)"
            " + (SELECT count(*) FROM inbox WHERE state = 'pending')"
        ).fetchone()
    assert row is not None
    return int(row[0])


def _until_caught(newest: Callable[[], int], number: int) -> None:
    end = time.monotonic() + _DONE_SECONDS
    while newest() < number:
        assert time.monotonic() < end, "the prompts did not come"
        time.sleep(_COUNT_SECONDS)
