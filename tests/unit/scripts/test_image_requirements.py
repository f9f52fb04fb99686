"""Each image has what its service imports, and only what the tests ran with."""

import ast
import importlib.metadata
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from scripts.images import SERVICES
from scripts.setup.layout import ROOT

_OWN: Final = frozenset({"chassis", "services", "praxispost", "_typeshed"})
_PINS: Final = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)
# One name space of several packages.
_GOOGLE: Final = {"google.protobuf": "protobuf", "google.rpc": "googleapis-common-protos"}


def _modules(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files_of(service: str) -> set[Path]:
    """The service's files, and those of the chassis that they reach."""
    waiting = sorted((ROOT / "services" / service).rglob("*.py"))
    found: set[Path] = set()
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            paths = (ROOT / (module.replace(".", "/") + ".py") for module in _modules(file))
            waiting += [path for path in paths if path.is_relative_to(ROOT / "chassis") and path.exists()]
    return found


def _packages(service: str) -> set[str]:
    distributions = importlib.metadata.packages_distributions()
    found = set()
    for file in _files_of(service):
        for module in _modules(file):
            top = module.split(".")[0]
            if top in _OWN or top in sys.stdlib_module_names:
                continue
            google = ".".join(module.split(".")[:2])
            if top != "google" or google in _GOOGLE:
                name = _GOOGLE.get(google) or distributions.get(top, [top])[0]
                found.add(_normal(name))
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _pinned(file: Path) -> dict[str, str]:
    return {_normal(name): version for name, version in _PINS.findall(file.read_text())}


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_has_what_its_service_imports(service: str) -> None:
    pinned = _pinned(ROOT / "requirements" / "images" / f"{service}.txt")
    assert _packages(service) - set(pinned) == set()


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_has_the_versions_that_the_tests_ran_with(service: str) -> None:
    pinned = _pinned(ROOT / "requirements" / "images" / f"{service}.txt")
    tested = _pinned(ROOT / "requirements" / "development.txt")
    assert {name: version for name, version in pinned.items() if tested.get(name, version) != version} == {}
