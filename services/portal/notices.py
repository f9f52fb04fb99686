"""A sentence above a page that says what became of what was done there."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Notice:
    """The sentence, and whether it is good news."""

    kind: Literal["good", "bad", "warn"]
    text: str


def done(text: str) -> Notice:
    """It was done."""
    return Notice("good", text)


def problem(text: str) -> Notice:
    """It was not done."""
    return Notice("bad", text)
