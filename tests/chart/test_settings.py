"""Each process gets what its code reads and nothing else: the chart's words against the settings' classes."""

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from chassis.schema import SchemaSettings
from chassis.settings import load
from deploy.backup.__main__ import PREFIX
from deploy.backup.settings import BackupSettings
from tests.chart.rendering import Rendered

_CLASSES = {
    "api": ("settings", "ApiSettings"),
    "worker": ("settings", "WorkerSettings"),
    "intake": ("intake", "IntakeSettings"),
    "bounce": ("settings", "BounceSettings"),
    "web": ("settings", "WebSettings"),
    "migrate": ("settings", "MigrateSettings"),
    "service-account": ("settings", "CommandSettings"),
}


class _Read(Mapping[str, str]):
    """An environment that remembers what was looked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _read(container: Any, environment: Mapping[str, str]) -> object:
    """What the container's program reads from this environment."""
    _, _, module, kind = container["command"][:4]
    if module == "deploy.backup":
        return load(BackupSettings, environment, PREFIX)
    return load(_settings_of(module, kind), environment)


def _settings_of(module: str, kind: str) -> type[object]:
    if kind == "await-schema":
        return SchemaSettings
    file, name = _CLASSES[kind]
    found: type[object] = getattr(importlib.import_module(f"{module}.{file}"), name)
    return found


def _environment(container: Any, secrets: Path) -> dict[str, str]:
    """The container's variables; each file of a secret is there, with what such a secret may hold."""
    values: dict[str, str] = {}
    for each in container["env"]:
        value = each.get("value", "from a secret")
        if each["name"].endswith("_FILE") and value.startswith("/run/praxispost/secrets/"):
            file = secrets / Path(value).name
            file.write_text("postgresql://user:password@host/name")
            value = str(file)
        values[each["name"]] = value
    return values


def _containers(rendered: Rendered) -> Iterator[tuple[str, Any]]:
    for name, _, spec in rendered.pods():
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            if container["command"][:2] == ["python", "-m"]:
                yield f"{name}/{container['name']}", container


def test_every_process_finds_its_settings(rendered: Rendered, tmp_path: Path) -> None:
    seen = 0
    for name, container in _containers(rendered):
        assert _read(container, _environment(container, tmp_path)), name
        seen += 1
    assert seen > 20


def test_no_process_is_given_what_it_does_not_read(rendered: Rendered, tmp_path: Path) -> None:
    for name, container in _containers(rendered):
        if container["name"] == "wait-for-schema":
            continue
        environment = _Read(_environment(container, tmp_path))
        _read(container, environment)
        # OpenTelemetry's variables are read by its SDK; test_scenarios.py holds who gets them.
        given = {each["name"] for each in container["env"] if not each["name"].startswith("OTEL_")}
        assert given - environment.names == set(), name


def test_each_mentioned_file_is_mounted(rendered: Rendered) -> None:
    for name, _, spec in rendered.pods():
        volumes = {each["name"]: each for each in spec.get("volumes", [])}
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            mounts = {
                mount["mountPath"]: volumes[mount["name"]] for mount in container.get("volumeMounts", [])
            }
            for each in container.get("env", []):
                value = each.get("value", "")
                if value.startswith("/run/praxispost/"):
                    assert any(value.startswith(path) for path in mounts), (name, value)
                if value.startswith("/run/praxispost/secrets/"):
                    assert Path(value).name in _projected(mounts["/run/praxispost/secrets"]), (name, value)


def test_owners_urls_reach_migrations_only(rendered: Rendered) -> None:
    for name, container in _containers(rendered):
        has = any(each["name"].startswith("PRAXISPOST_MIGRATE_") for each in container["env"])
        assert has == (container["command"][-1] == "migrate"), name


@pytest.mark.parametrize("process", ["messaging-worker", "attachments-worker", "identity-intake"])
def test_wrapping_keys_stay_with_those_that_open_content(minimal: Rendered, process: str) -> None:
    spec = minimal.named("Deployment", process)["spec"]["template"]["spec"]
    assert "wrapping-keys" not in {volume["name"] for volume in spec["volumes"]}


def _projected(volume: Any) -> set[str]:
    return {item["path"] for source in volume["projected"]["sources"] for item in source["secret"]["items"]}
