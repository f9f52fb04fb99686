import socket
from collections.abc import Callable, Mapping
from typing import Any

from kombu.transport.pyamqp import Channel

class _Transport:
    sock: socket.socket

class _AmqpConnection:
    transport: _Transport
    sock: socket.socket

class Connection:
    connection: _AmqpConnection
    def __init__(
        self,
        hostname: str,
        *,
        heartbeat: int = 0,
        connect_timeout: float = 5,
        transport_options: Mapping[str, object] | None = None,
    ) -> None: ...
    def connect(self) -> _AmqpConnection: ...
    def channel(self) -> Channel: ...
    def drain_events(self, *, timeout: float | None = None) -> None: ...
    def heartbeat_check(self, rate: int = 2) -> None: ...
    def release(self) -> None: ...

class Exchange:
    name: str
    def __init__(self, name: str, type: str = "direct", *, durable: bool = True) -> None: ...
    def __call__(self, channel: Channel) -> Exchange: ...
    def declare(self) -> None: ...

class Queue:
    name: str
    def __init__(
        self,
        name: str,
        exchange: Exchange | None = None,
        routing_key: str = "",
        *,
        durable: bool = True,
        queue_arguments: Mapping[str, object] | None = None,
        bindings: list[binding] | None = None,
    ) -> None: ...
    def __call__(self, channel: Channel) -> Queue: ...
    def declare(self) -> str: ...

class binding:
    def __init__(self, exchange: Exchange, routing_key: str = "") -> None: ...

class Message:
    body: bytes | str
    channel: Channel | None
    properties: Mapping[str, Any]
    headers: Mapping[str, Any]
    def ack(self) -> None: ...
    def reject(self, requeue: bool = False) -> None: ...

class Consumer:
    def __init__(
        self,
        channel: Channel,
        queues: list[Queue],
        *,
        auto_declare: bool = True,
        on_message: Callable[[Message], None] | None = None,
        prefetch_count: int | None = None,
    ) -> None: ...
    def consume(self) -> None: ...
    def cancel(self) -> None: ...
