"""The hard cases: each a step of its own, in a practice of its own."""

from collections.abc import Callable
from typing import Final

from tests.story.hard_cases.work import a_practice_shares_its_work
from tests.story.steps import Play

HARD_CASES: Final[tuple[Callable[[Play], str], ...]] = (a_practice_shares_its_work,)
