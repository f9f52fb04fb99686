"""The address that reports about a letter come back to: it names the letter, and nobody (VERP)."""

import re
from typing import Final
from uuid import UUID

_BEGINNING: Final = "bounce+"
_FORM: Final = re.compile(r"bounce\+([0-9a-f]{32})@(.+)", re.ASCII | re.IGNORECASE)


def return_path(letter_id: UUID, domain: str) -> str:
    """The return path of a letter."""
    return f"{_BEGINNING}{letter_id.hex}@{domain}"


def letter_of(address: str, domain: str) -> UUID | None:
    """The letter whose return path this is; None for any other address."""
    found = _FORM.fullmatch(address)
    if found is None or found[2].lower() != domain.lower():
        return None
    return UUID(found[1])
