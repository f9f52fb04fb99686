"""Connections to RabbitMQ that notice a broker which is gone or silent, and what is declared there."""

import contextlib
from collections.abc import Iterator, Sequence

from amqp.exceptions import AMQPError
from kombu import Connection, Exchange, Queue, binding
from kombu.transport.pyamqp import Channel

# What kombu raises when the connection is gone or was never there; a silent broker ends as TimeoutError.
LOST: tuple[type[Exception], ...] = (AMQPError, OSError)

_HEARTBEAT = 6
_ANSWER_WITHIN = 10
_FAREWELL = 2
_DELIVERY_LIMIT = 20
_SAFE = {
    "x-queue-type": "quorum",
    "x-delivery-limit": _DELIVERY_LIMIT,
    "x-dead-letter-strategy": "at-least-once",
    "x-overflow": "reject-publish",
}


@contextlib.contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection for the block, on which every wait is bounded; raises one of LOST if there is none."""
    connection = Connection(url, heartbeat=_HEARTBEAT, connect_timeout=_ANSWER_WITHIN)
    connection.connect()
    socket = connection.connection.transport.sock
    socket.settimeout(_ANSWER_WITHIN)
    try:
        yield connection
    finally:
        with contextlib.suppress(*LOST):
            socket.settimeout(_FAREWELL)
            connection.release()


def topic_exchange(publisher: str) -> Exchange:
    """The exchange to which a service publishes all its events."""
    return Exchange(publisher, "topic", durable=True)


def declare_queue(channel: Channel, consumer: str, bindings: Sequence[tuple[str, str]]) -> Queue:
    """The consumer's queue, bound to each (publisher, event type), and the one for what it can't parse.

    Both are quorum queues. What is rejected, or was delivered 20 times to processes that died of it,
    goes to `<consumer>.dead` and is not dropped on the way.
    """
    dead = Exchange(f"{consumer}.dead", "fanout", durable=True)
    Queue(dead.name, dead, durable=True, queue_arguments={"x-queue-type": "quorum"})(channel).declare()
    queue = Queue(
        consumer,
        durable=True,
        queue_arguments={**_SAFE, "x-dead-letter-exchange": dead.name},
        bindings=[binding(topic_exchange(publisher), event_type) for publisher, event_type in bindings],
    )(channel)
    queue.declare()
    return queue
