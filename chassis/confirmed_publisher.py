"""Publishes to RabbitMQ many at a time and says which of them the broker has taken over."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from uuid import UUID

from kombu import Connection

from chassis import broker

CONTENT_TYPE = "application/x-protobuf"
_TIMEOUT = 10
_TURN = 1.0
_AT_ONCE = 0.001
_PERSISTENT = 2


class Fate(Enum):
    """What the broker did with a message; only what it confirmed is safe with it."""

    CONFIRMED = "confirmed"
    RETURNED = "returned"
    NACKED = "nacked"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to the exchange: its id, its type (also the routing key), its bytes and further headers."""

    message_id: UUID
    type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class ConfirmedPublisher:
    """One channel, and confirms awaited for a whole batch instead of for each message.

    Every method raises one of `broker.LOST` when the connection is gone or the broker does not answer.
    """

    def __init__(self, connection: Connection, exchange: str) -> None:
        self._exchange = exchange
        self._fates: dict[str, Fate] = {}
        self._tag = 0
        self._unconfirmed: dict[int, str] = {}
        self._connection = connection
        self._channel = connection.channel()
        broker.topic_exchange(exchange)(self._channel).declare()
        self._channel.confirm_select()
        self._channel.events["basic_ack"].add(self._on_ack)
        self._channel.events["basic_nack"].add(self._on_nack)
        self._channel.events["basic_return"].add(self._on_return)

    def publish(self, batch: Iterable[Outgoing]) -> dict[UUID, Fate]:
        """Publish the batch and wait for the broker's word on each of it, 10 s at most."""
        self._fates = {}
        ids = [self._send(message) for message in batch]
        deadline = time.monotonic() + _TIMEOUT
        while self._unconfirmed:
            if time.monotonic() > deadline:
                raise TimeoutError
            self._take_in(_TURN)
        return {message_id: self._fates[str(message_id)] for message_id in ids}

    def fileno(self) -> int:
        """The socket, to wait for word from the broker."""
        return int(self._connection.connection.sock.fileno())

    def keep_alive(self) -> None:
        """Take in what the broker said meanwhile and exchange heartbeats; call it every second or so."""
        self._take_in(_AT_ONCE)

    def _take_in(self, seconds: float) -> None:
        """Wait for a word from the broker; shorter than its heartbeats, which do not end amqp's wait."""
        try:
            self._connection.drain_events(timeout=seconds)
        except TimeoutError:
            self._connection.heartbeat_check()

    def _send(self, message: Outgoing) -> UUID:
        self._tag += 1
        self._unconfirmed[self._tag] = str(message.message_id)
        prepared = self._channel.prepare_message(
            message.body,
            content_type=CONTENT_TYPE,
            content_encoding="binary",
            headers=dict(message.headers) or None,
            properties={
                "type": message.type,
                "message_id": str(message.message_id),
                "delivery_mode": _PERSISTENT,
            },
        )
        self._channel.basic_publish(prepared, self._exchange, message.type, mandatory=True)
        return message.message_id

    def _settle(self, tag: int, multiple: bool, fate: Fate) -> None:
        tags = [each for each in self._unconfirmed if each <= tag] if multiple else [tag]
        for each in tags:
            self._fates.setdefault(self._unconfirmed.pop(each), fate)

    def _on_ack(self, tag: int, multiple: bool) -> None:
        self._settle(tag, multiple, Fate.CONFIRMED)

    def _on_nack(self, tag: int, multiple: bool) -> None:
        self._settle(tag, multiple, Fate.NACKED)

    def _on_return(self, _error: Exception, _exchange: str, _routing_key: str, message: object) -> None:
        """Comes before the ack of the same message, which then changes nothing."""
        self._fates[getattr(message, "properties", {})["message_id"]] = Fate.RETURNED
