"""The intake as a nameko service, by nameko's own test helpers."""

from typing import Any
from uuid import UUID, uuid4

import eventlet
import psycopg
import pytest
from nameko.testing.services import entrypoint_hook, entrypoint_waiter, worker_factory

from chassis.event_queue import EventQueue
from chassis.inbox_table import InboxTable, NotStored
from chassis.intake_service import intake_service
from chassis.tables import INBOX_CHANNEL
from praxispost.chassis.v1.envelope_pb2 import Envelope
from tests.integration.chassis.bus import TYPE, envelope, publish
from tests.nameko.fixtures import ContainerFactory


@pytest.fixture
def queue() -> str:
    return f"sample_{uuid4().hex[:12]}"


def stored(connection: psycopg.Connection) -> list[UUID]:
    return [event_id for (event_id,) in connection.execute("SELECT event_id FROM inbox")]


def test_the_handler_stores_and_does_nothing_else() -> None:
    received: list[Envelope] = []

    def store(each: Envelope) -> bool:
        received.append(each)
        return True

    one = envelope()
    service = worker_factory(intake_service("sample", [("sample", TYPE)]), store=store)
    assert service.receive(one) is True
    assert received == [one]


def test_an_event_is_in_the_table_once_the_handler_has_returned(
    container_factory: ContainerFactory, config: dict[str, Any], queue: str, connection: psycopg.Connection
) -> None:
    container = container_factory(intake_service(queue, [(queue, TYPE)]), config)
    container.start()
    one = envelope()
    with entrypoint_hook(container, "receive") as receive:
        assert receive(one) is True
        assert stored(connection) == [UUID(one.event_id)]
        assert receive(one) is False
    assert stored(connection) == [UUID(one.event_id)]
    container.stop()


def test_an_event_on_the_bus_reaches_the_handler_and_wakes_the_worker(
    container_factory: ContainerFactory, config: dict[str, Any], queue: str, connection: psycopg.Connection
) -> None:
    connection.execute(f"LISTEN {INBOX_CHANNEL}")
    container = container_factory(intake_service(queue, [(queue, TYPE)]), config)
    container.start()
    wait_ready(config)
    one = envelope()
    with entrypoint_waiter(container, "receive") as result:
        publish(config["AMQP_URI"], queue, one.SerializeToString())
    assert result.get() is True
    assert [notify.channel for notify in connection.notifies(timeout=10, stop_after=1)] == [INBOX_CHANNEL]
    container.stop()


def test_what_a_handler_fails_with_unforeseen_comes_again(
    container_factory: ContainerFactory, config: dict[str, Any], queue: str, connection: psycopg.Connection
) -> None:
    failures = [LookupError(), LookupError()]

    class Failing:
        name = "failing"
        store = InboxTable(queue)

        @EventQueue.decorator(queue, [(queue, TYPE)])
        def receive(self, received: Envelope) -> bool:
            if failures:
                raise failures.pop()
            return bool(self.store(received))

    container = container_factory(Failing, config)
    container.start()
    wait_ready(config)
    one = envelope()
    with entrypoint_waiter(container, "receive", timeout=20, callback=stored_it):
        publish(config["AMQP_URI"], queue, one.SerializeToString())
    assert failures == []
    assert stored(connection) == [UUID(one.event_id)]
    container.stop()


def test_events_that_come_together_are_stored_together_and_a_repetition_among_them_is_told(
    container_factory: ContainerFactory, config: dict[str, Any], queue: str, connection: psycopg.Connection
) -> None:
    container = container_factory(intake_service(queue, [(queue, TYPE)]), config)
    container.start()
    [table] = [each for each in container.dependencies if isinstance(each, InboxTable)]
    events = [envelope() for _ in range(30)]
    storing = [eventlet.spawn(table._store, each) for each in (*events, events[0])]
    assert [each.wait() for each in storing] == [True] * 30 + [False]
    assert sorted(stored(connection)) == sorted(UUID(each.event_id) for each in events)
    committed = connection.execute("SELECT count(DISTINCT xmin::text) FROM inbox").fetchone()
    assert committed is not None
    assert committed[0] < 5
    container.stop()


def test_an_event_that_cannot_be_stored_keeps_no_other_out(
    container_factory: ContainerFactory, config: dict[str, Any], queue: str, connection: psycopg.Connection
) -> None:
    container = container_factory(intake_service(queue, [(queue, TYPE)]), config)
    container.start()
    [table] = [each for each in container.dependencies if isinstance(each, InboxTable)]
    poison, events = envelope(), [envelope() for _ in range(10)]
    poison.type = "sample.\0"
    storing = [eventlet.spawn(table._store, each) for each in (poison, *events)]
    assert [each.wait() for each in storing[1:]] == [True] * 10
    assert sorted(stored(connection)) == sorted(UUID(each.event_id) for each in events)
    container.stop()
    with pytest.raises(NotStored):
        storing[0].wait()


def stored_it(_context: object, result: object, _exc_info: object) -> bool:
    return result is True


def wait_ready(config: dict[str, Any]) -> None:
    with eventlet.Timeout(20):
        while not config["TELEMETRY"].ready:
            eventlet.sleep(0.02)
