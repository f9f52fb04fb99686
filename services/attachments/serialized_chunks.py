"""Chunks of a download as they go over the wire, made at once from a document's segments."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from chassis.serialized import Serialized

# DownloadAttachmentResponse.chunk: field 2, length-delimited (Protocol Buffers, "Encoding").
_TAG: Final = bytes([2 << 3 | 2])


@dataclass(frozen=True, slots=True)
class SerializedChunk(Serialized):
    """A DownloadAttachmentResponse that has a chunk; `size` is the chunk's own."""

    size: int

    def __len__(self) -> int:
        return self.size


def serialized_chunk(segments: Collection[bytes]) -> SerializedChunk:
    """The response with these segments as its chunk."""
    size = sum(len(segment) for segment in segments)
    return SerializedChunk(b"".join((_TAG, _varint(size), *segments)), size)


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; all but the last have the eighth set."""
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)
