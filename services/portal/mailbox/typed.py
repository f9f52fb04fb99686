"""Codes, birth dates and links as people type them."""

import re
from datetime import date
from typing import Final

from services.portal.words import mark

NO_DATE: Final = mark("Dieses Datum gibt es nicht. Beispiel: 12 8 1964.")

_BETWEEN: Final = re.compile(r"[\s.\-\u2010-\u2015]+")
_CODE: Final = re.compile(r"[0-9]{6}")
_NUMBER: Final = re.compile(r"[0-9]{1,4}")
_REFERENCE: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
_EARLIEST: Final = 1880


def code_as_typed(text: str) -> str:
    """Six digits, however they were grouped; empty where they are none."""
    plain = _BETWEEN.sub("", text)
    return plain if _CODE.fullmatch(plain) else ""


def birth_date_as_typed(day: str, month: str, year: str, today: date) -> date | None:
    """The date of three typed numbers; None where there is no such day, or nobody can have been born then."""
    parts = [part.strip().rstrip(".") for part in (day, month, year)]
    if not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    try:
        typed = date(int(parts[2]), int(parts[1]), int(parts[0]))
    except ValueError:
        return None
    return typed if typed.year >= _EARLIEST and typed <= today else None


def reference_as_typed(text: str) -> str:
    """The reference of a prompt's link, from the whole link or alone; empty where there is none."""
    plain = text.strip().rpartition("#")[2].rstrip(".>")
    return plain if _REFERENCE.fullmatch(plain) else ""
