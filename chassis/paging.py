"""Page tokens: opaque to clients, and refused where they are not of our making."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from chassis.refusal import invalid

T = TypeVar("T")

_FIELD = "page_token"
_LONGEST = 1024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ends and the next begins, in a list that is ordered by time and id."""

    at: datetime
    id: UUID

    def token(self) -> str:
        """The token that leads back here."""
        return write_token(str((self.at - _EPOCH) // _MICROSECOND), str(self.id))


def read_position(token: str, field: str = _FIELD) -> Position | None:
    """Return where the page begins, None for the first page; refuses what `Position.token` did not make."""
    if not token:
        return None
    microseconds, identifier = read_token(token, 2, field)
    try:
        return Position(_EPOCH + int(microseconds) * _MICROSECOND, UUID(identifier))
    except (ValueError, OverflowError):
        raise _malformed(field) from None


def write_token(*parts: str) -> str:
    """A token that carries these parts; whoever holds it can read them, so they are no secrets."""
    content = json.dumps(parts, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def read_token(token: str, count: int, field: str = _FIELD) -> tuple[str, ...]:
    """Return the parts of a token, whatever they mean; refuses one that does not carry exactly so many."""
    if len(token) > _LONGEST:
        raise _malformed(field)
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        parts = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise _malformed(field) from None
    if not isinstance(parts, list) or len(parts) != count or not all(isinstance(part, str) for part in parts):
        raise _malformed(field)
    return tuple(parts)


def split_page(found: Sequence[T], size: int) -> tuple[Sequence[T], T | None]:
    """Of `size` + 1 rows that were asked for: the page, and its last row where another page follows."""
    page = found[:size]
    return page, page[-1] if len(found) > size else None


def _malformed(field: str) -> Exception:
    return invalid(field, "must be a token that a page before came with")
