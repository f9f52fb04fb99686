"""One whole system for all tests of this folder."""

from collections.abc import Iterator, Mapping

import pytest

from deploy.local.processes import Command
from deploy.local.services import ACCOUNT_ROLES, Service
from deploy.local.system import System, from_checkout, temporary_system
from tests.story.callers import Caller, program
from tests.story.cast import Stage
from tests.story.collector import Collector, collecting
from tests.story.stage import stage_on


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Where the system sends its traces."""
    with collecting() as listening:
        yield listening


@pytest.fixture(scope="session")
def system(collector: Collector) -> Iterator[System]:
    """The system, started for these tests and gone after them; it is traced, and sends that at once."""
    traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.address, "OTEL_BSP_SCHEDULE_DELAY": "100"}

    def launch(service: Service, kind: str, environment: Mapping[str, str]) -> Command:
        return from_checkout(service, kind, {**environment, **traced})

    with temporary_system(launch=launch) as started:
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
