"""What the tests put on the bus and take off it themselves."""

import contextlib
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from google.protobuf.wrappers_pb2 import StringValue

from chassis import broker
from chassis.confirmed_publisher import ConfirmedPublisher, Fate, Outgoing
from chassis.events import Event, envelop
from deploy.local import ports
from praxispost.chassis.v1.envelope_pb2 import Envelope

TYPE = "sample.thing_made"
TENANT = uuid4()


def event(value: str = "") -> Event:
    return Event(TYPE, TENANT, uuid4(), 1, datetime.now(UTC), StringValue(value=value))


def envelope(value: str = "") -> Envelope:
    return envelop(event(value), uuid4())


def declare(amqp_url: str, name: str) -> None:
    """The queue of that name, bound to the exchange of the same name."""
    with broker.connected(amqp_url) as connection:
        broker.declare_queue(connection.channel(), name, [(name, TYPE)])


def publish(amqp_url: str, exchange: str, *bodies: bytes) -> None:
    """Put these on the bus, whatever they are."""
    outgoing = [Outgoing(uuid4(), TYPE, body) for body in bodies]
    with broker.connected(amqp_url) as connection:
        fates = ConfirmedPublisher(connection, exchange).publish(outgoing)
    assert set(fates.values()) == {Fate.CONFIRMED}


def take_all(amqp_url: str, queue: str) -> list[bytes]:
    """Everything that the queue has to give now, taken out of it."""
    bodies: list[bytes] = []
    with broker.connected(amqp_url) as connection:
        channel = connection.channel()
        while (message := channel.basic_get(queue, no_ack=True)) is not None:
            body = message.body  # kombu makes an empty one a string
            bodies.append(body if isinstance(body, bytes) else body.encode())
    return bodies


@dataclass(frozen=True, slots=True)
class IntakeProcess:
    """A running intake."""

    process: subprocess.Popen[bytes]
    port: int

    def ready(self) -> bool:
        return self._status("/readyz") == 200

    def alive(self) -> bool:
        return self._status("/livez") == 200

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            return str(answer.read().decode())

    def terminate(self, seconds: float) -> int:
        """Ask it to end, and say with which code it did."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=seconds)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def _status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


@contextlib.contextmanager
def intake(consumer: str, amqp_url: str, database_url: str) -> Iterator[IntakeProcess]:
    """An intake of its own process; killed at the end if it still runs."""
    command = [sys.executable, "-m", "tests.integration.chassis.sample_intake"]
    with ports.choose() as port:
        process = subprocess.Popen([*command, consumer, amqp_url, database_url, str(port)])
        try:
            yield IntakeProcess(process, port)
        finally:
            process.kill()
            process.wait()


def ids(*envelopes: Envelope) -> set[UUID]:
    return {UUID(each.event_id) for each in envelopes}
