"""Responses that a servicer has serialized itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Serialized:
    """A response of a stream that is sent as it is: for large ones, which protobuf would copy three times."""

    content: bytes


def sending_serialized(serialize: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """Serializes all other responses as ever."""

    def serialized(response: Any) -> bytes:
        return response.content if isinstance(response, Serialized) else serialize(response)

    return serialized
