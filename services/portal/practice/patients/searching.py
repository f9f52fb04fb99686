"""Makes of what was typed so far what identity can look for, so that a search can follow the typing."""

import re
from typing import Final

_SHORTEST: Final = 2
_WHOLE_DATE: Final = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})|(\d{2})(\d{2})(\d{4})", re.ASCII)
_ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def searchable(typed: str) -> str:
    """The words of at least two letters and the birth date, whole and as DD.MM.YYYY; what is only begun is
    left out. Empty where nothing is left."""
    return " ".join(part for part in map(_part, typed.split()) if part)


def _part(typed: str) -> str:
    if _ISO_DATE.fullmatch(typed):
        return typed
    if whole := _WHOLE_DATE.fullmatch(typed):
        return ".".join(each for each in whole.groups() if each is not None)
    letters = sum(each.isalpha() for each in typed)
    return typed if letters >= _SHORTEST else ""
