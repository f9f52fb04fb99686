"""Birth dates as the contracts write them."""

import re
from datetime import date
from typing import Final

from chassis.refusal import invalid

_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def birth_date(field: str, value: str) -> date:
    """Return the date; refuses every other form than YYYY-MM-DD and days that do not exist."""
    if not value:
        raise invalid(field, "is required")
    try:
        if _ISO.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        raise invalid(field, "must be a day of the calendar") from None
    raise invalid(field, "must be YYYY-MM-DD")
