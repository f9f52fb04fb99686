"""Checks of request fields that every service makes alike: ids, text and page sizes."""

import re
import unicodedata
from collections.abc import Sequence
from uuid import UUID

from chassis.refusal import invalid

_CANONICAL_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
# Unicode's category Cc, without line breaks and tabs.
_CONTROLS_IN_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NOT_IN_A_LINE = frozenset({"Cc", "Zl", "Zp"})
_LONGEST_PAGE = 200
_USUAL_PAGE = 50


def required_uuid(field: str, value: str) -> UUID:
    """Return the UUID; only the canonical form of 36 characters (RFC 9562, section 4) is one."""
    if not value:
        raise invalid(field, "is required")
    if not _CANONICAL_UUID.fullmatch(value):
        raise invalid(field, "must be a UUID")
    return UUID(value)


def optional_uuid(field: str, value: str) -> UUID | None:
    """Return the UUID, or None where the field is empty."""
    return required_uuid(field, value) if value else None


def distinct_uuids(field: str, values: Sequence[str], *, minimum: int = 0, maximum: int) -> tuple[UUID, ...]:
    """Return the UUIDs in the order given; refuses too few, too many, and one that comes twice."""
    if not minimum <= len(values) <= maximum:
        raise invalid(field, f"must hold {minimum} to {maximum} ids")
    ids = tuple(required_uuid(f"{field}[{index}]", value) for index, value in enumerate(values))
    if len(set(ids)) != len(ids):
        raise invalid(field, "must not hold an id twice")
    return ids


def one_line(field: str, value: str, *, minimum: int = 1, maximum: int) -> str:
    """Return the text; refuses control characters and line breaks besides what `text` refuses."""
    _check_length(field, value, minimum, maximum)
    if value.isprintable():  # nearly every one is, and then has none of them
        return value
    if any(unicodedata.category(each) in _NOT_IN_A_LINE for each in set(value)):
        raise invalid(field, "must be one line without control characters")
    return value


def text(field: str, value: str, *, minimum: int = 1, maximum: int) -> str:
    """Return the text; refuses blank where some is wanted, and control characters but line breaks and tabs.

    The bounds count characters (Unicode code points), both included.
    """
    _check_length(field, value, minimum, maximum)
    if _CONTROLS_IN_TEXT.search(value):
        raise invalid(field, "must not contain control characters")
    return value


def page_size(value: int, *, usual: int = _USUAL_PAGE, maximum: int = _LONGEST_PAGE) -> int:
    """Return how many a page shall hold; 0 means the usual number."""
    if not 0 <= value <= maximum:
        raise invalid("page_size", f"must be 0 to {maximum}")
    return value or usual


def _check_length(field: str, value: str, minimum: int, maximum: int) -> None:
    if minimum > 0 and not value.strip():
        raise invalid(field, "is required")
    if not minimum <= len(value) <= maximum:
        raise invalid(field, f"must have {minimum} to {maximum} characters")
