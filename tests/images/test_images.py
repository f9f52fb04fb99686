"""The images: small, without root, and the whole story played on containers of them."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from deploy.local.system import System, temporary_system
from scripts import images
from tests.images.containers import Containers
from tests.story.play import play
from tests.story.stage import stage_on

_ABOVE_BASE_BYTES = dict.fromkeys(images.SERVICES, 200 * 1024 * 1024) | {
    "backup": 250 * 1024 * 1024,  # Debian's pg_dump comes with Perl
}


@pytest.fixture(scope="session")
def built() -> dict[str, str]:
    """All images by name, built from this checkout."""
    return {name: images.build(name) for name in images.IMAGES}


@dataclass(frozen=True, slots=True)
class Running:
    """A system in containers."""

    system: System
    containers: Containers


@pytest.fixture(scope="session")
def running(built: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    containers = Containers(tmp_path_factory.mktemp("read"))
    try:
        with temporary_system(launch=containers.launch) as system:
            yield Running(system, containers)
    finally:
        containers.remove()


def _inspected(image: str) -> Any:
    return json.loads(images.podman("image", "inspect", image))[0]


@pytest.mark.parametrize("name", images.IMAGES)
def test_an_image_is_small_and_not_for_root(built: dict[str, str], name: str) -> None:
    found = _inspected(built[name])
    above = found["Size"] - _inspected(images.base())["Size"]
    print(f"{name}: {above / 2**20:.0f} MiB above its base")
    assert above <= _ABOVE_BASE_BYTES[name]
    assert found["Config"]["User"] == "10001:10001"
    assert found["Labels"]["org.opencontainers.image.title"] == f"praxispost/{name}"
    assert not [each for each in found["Config"]["Env"] if "PIP" in each or "index" in each.lower()]


def test_the_image_of_backups_holds_all_that_a_backup_and_a_restore_want(built: dict[str, str]) -> None:
    settling = "services.identity.account_changes.restored, services.messaging.withdrawals.restored"
    asked = (
        "pg_dump --version && pg_restore --version && python -m deploy.backup --help >/dev/null"
        f" && python -c 'import {settling}'"
    )
    strict = ("--network=none", "--read-only", "--cap-drop=all")
    said = images.podman("run", "--rm", *strict, built["backup"], "sh", "-c", asked)
    assert said.startswith("pg_dump (PostgreSQL)")


def test_the_story_plays_on_containers(running: Running, capsys: pytest.CaptureFixture[str]) -> None:
    with stage_on(running.system.address_book) as stage, capsys.disabled():
        play(stage, print)


def test_each_starts_again_and_ends_in_order(running: Running) -> None:
    for name, process in running.system.processes.items():
        begun = time.monotonic()
        process.stop(30)
        ended = time.monotonic()
        running.system.restart(name)
        ready = time.monotonic()
        # Goals: ready within 3 s, ended within 5 s; the figures are for people, the machine may be busy.
        print(f"{name}: ended after {ended - begun:.1f} s, ready after {ready - ended:.1f} s")
        assert "Traceback" not in process.tail()


def test_nothing_was_written_and_nobody_was_root(running: Running) -> None:
    for name in running.system.processes:
        state = json.loads(images.podman("container", "inspect", running.containers.container(name)))[0]
        assert state["Config"]["User"] == "10001:10001"
        assert state["HostConfig"]["ReadonlyRootfs"] is True
        assert state["EffectiveCaps"] in ([], None)
