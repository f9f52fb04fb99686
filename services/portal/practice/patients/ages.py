"""Birth dates as people type them, and how old somebody is."""

import re
from datetime import date
from typing import Final

OF_AGE: Final = 18
_TYPED: Final = re.compile(r"(\d{1,2})[./ -](\d{1,2})[./ -](\d{4})|(\d{2})(\d{2})(\d{4})", re.ASCII)


def iso_date(typed: str) -> str:
    """The date as YYYY-MM-DD where one reads it from DD.MM.YYYY, DD/MM/YYYY or DDMMYYYY; else what was
    typed."""
    found = _TYPED.fullmatch(typed.strip())
    if found is None:
        return typed.strip()
    day, month, year = (each for each in found.groups() if each is not None)
    return f"{year}-{int(month):02d}-{int(day):02d}"


def age(born: str, today: date) -> int | None:
    """Whole years since a date of the form YYYY-MM-DD; None where it is empty."""
    if not born:
        return None
    day = date.fromisoformat(born)
    return today.year - day.year - ((today.month, today.day) < (day.month, day.day))
