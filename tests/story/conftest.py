"""One whole system for all tests of this folder."""

from collections.abc import Iterator

import pytest

from deploy.local.services import ACCOUNT_ROLES
from deploy.local.system import System, temporary_system
from tests.story.callers import Caller, program
from tests.story.cast import Stage
from tests.story.stage import stage_on


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """The system, started for these tests and gone after them."""
    with temporary_system() as started:
        yield started


@pytest.fixture(scope="session")
def stage(system: System) -> Iterator[Stage]:
    """Its stage."""
    with stage_on(system.address_book) as stage:
        yield stage


@pytest.fixture(scope="session")
def platform(system: System) -> dict[str, Caller]:
    """The platform's own service accounts by their role."""
    targets = system.address_book.targets
    return {role: program(targets, system.accounts.of(role)) for role in ACCOUNT_ROLES}
