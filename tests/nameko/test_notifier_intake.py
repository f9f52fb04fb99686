"""The notifier's intake by nameko's test helpers: the events it asks for, in the notifier's own inbox."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from nameko.testing.services import entrypoint_hook, entrypoint_waiter, worker_factory
from sqlalchemy import make_url

from chassis import broker
from chassis.confirmed_publisher import ConfirmedPublisher, Fate, Outgoing
from chassis.events import Event, envelop
from chassis.intake_service import intake_service
from chassis.migrations import migrate
from deploy.local.postgres import Postgres
from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.messaging.v1.events_pb2 import MessageRead, MessageSent
from services.notifier.bindings import BINDINGS, SERVICE
from tests.integration.chassis import sample
from tests.nameko.fixtures import ContainerFactory
from tests.nameko.test_intake_service import wait_ready

_MIGRATIONS = Path(__file__).parents[2] / "services" / "notifier" / "migrations"


@pytest.fixture
def sample_database(postgres: Postgres) -> sample.SampleDatabase:
    """The notifier's database in the place of the sample's."""
    urls = postgres.temporary_database()
    app_role = make_url(urls.app).username
    assert app_role is not None
    migrate(urls.owner, _MIGRATIONS, app_role)
    return sample.SampleDatabase(urls.owner, urls.app, app_role)


def _event(event_type: str, data: MessageSent | MessageRead) -> Envelope:
    return envelop(Event(event_type, uuid4(), uuid4(), 1, datetime.now(UTC), data), uuid4())


def _sent() -> Envelope:
    return _event(
        "messaging.message_sent", MessageSent(patient_id=str(uuid4()), conversation_id=str(uuid4()))
    )


def _publish(amqp_url: str, *envelopes: Envelope) -> list[Fate]:
    outgoing = [Outgoing(UUID(each.event_id), each.type, each.SerializeToString()) for each in envelopes]
    with broker.connected(amqp_url) as connection:
        fates = ConfirmedPublisher(connection, "messaging").publish(outgoing)
    return [fates[each.message_id] for each in outgoing]


def _inbox(connection: psycopg.Connection) -> list[tuple[str, UUID]]:
    return list(connection.execute("SELECT consumer, event_id FROM inbox"))


def test_the_handler_stores_the_event_and_asks_nobody() -> None:
    stored: list[Envelope] = []

    def store(each: Envelope) -> bool:
        stored.append(each)
        return True

    service = worker_factory(intake_service(SERVICE, BINDINGS), store=store)
    one = _sent()
    assert service.receive(one) is True
    assert stored == [one]


def test_an_event_lies_in_the_notifiers_inbox_once(
    container_factory: ContainerFactory, config: dict[str, Any], connection: psycopg.Connection
) -> None:
    container = container_factory(intake_service(SERVICE, BINDINGS), config)
    container.start()
    one = _sent()
    with entrypoint_hook(container, "receive") as receive:
        assert receive(one) is True
        assert receive(one) is False
    assert _inbox(connection) == [("notifier", UUID(one.event_id))]
    container.stop()


def test_messages_sent_arrive_and_what_nobody_asked_for_does_not(
    container_factory: ContainerFactory, config: dict[str, Any], connection: psycopg.Connection
) -> None:
    container = container_factory(intake_service(SERVICE, BINDINGS), config)
    container.start()
    wait_ready(config)
    one = _sent()
    other = _event(
        "messaging.nobody_asked", MessageRead(patient_id=str(uuid4()), conversation_id=str(uuid4()))
    )
    with entrypoint_waiter(container, "receive", timeout=20):
        assert _publish(config["AMQP_URI"], other, one) == [Fate.RETURNED, Fate.CONFIRMED]
    assert _inbox(connection) == [("notifier", UUID(one.event_id))]
    container.stop()
