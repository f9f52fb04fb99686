from collections.abc import Callable, Mapping

from kombu import Message

class _QueueDeclared:
    message_count: int

class Channel:
    events: dict[str, set[Callable[..., None]]]
    connection: object | None
    def queue_declare(self, queue: str, passive: bool = False) -> _QueueDeclared: ...
    def confirm_select(self) -> None: ...
    def prepare_message(
        self,
        body: bytes,
        priority: int | None = None,
        content_type: str | None = None,
        content_encoding: str | None = None,
        headers: Mapping[str, object] | None = None,
        properties: Mapping[str, object] | None = None,
    ) -> object: ...
    def basic_publish(
        self, message: object, exchange: str = "", routing_key: str = "", mandatory: bool = False
    ) -> None: ...
    def basic_get(self, queue: str, no_ack: bool = False) -> Message | None: ...
