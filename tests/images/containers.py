"""Runs the system's processes in containers, as strictly as the chart does."""

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.local.processes import Command
from deploy.local.services import Service
from scripts import images

_USER: Final = 10001


class Containers:
    """Starts containers and removes what is left of them; `folder` takes copies of the files they read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._prefix = f"praxispost-{secrets.token_hex(4)}"
        self._names: set[str] = set()

    def launch(self, service: Service, kind: str, environment: Mapping[str, str]) -> Command:
        """One kind of process: not root, read-only, no capabilities, nothing to write but /tmp."""
        name = f"{service.name}-{kind}"
        given, volumes = self._readable(name, environment)
        self._names.add(self.container(name))
        arguments = [
            *("podman", "run", "--rm", f"--name={self.container(name)}", "--network=host"),
            *("--read-only", "--read-only-tmpfs=false", "--tmpfs=/tmp:rw,size=256m,mode=1777"),
            *("--cap-drop=all", "--security-opt=no-new-privileges", f"--user={_USER}:{_USER}"),
            *(f"--env={each}" for each in given),
            *(f"--volume={path}:{path}:ro" for path in volumes),
            images.image(service.name),
            *("python", "-m", f"services.{service.name}", kind),
        ]
        configuration = images.environment()["CONTAINERS_CONF"]
        return Command(name, arguments, {**given, "CONTAINERS_CONF": configuration})

    def container(self, process: str) -> str:
        """The name of a process' container."""
        return f"{self._prefix}-{process}"

    def remove(self) -> None:
        """Remove all that is left."""
        for name in self._names:
            images.podman("rm", "--force", "--ignore", name)

    def _readable(self, name: str, environment: Mapping[str, str]) -> tuple[dict[str, str], list[Path]]:
        """Files and folders that the environment names, as copies that the container's user may read."""
        given, volumes = dict(environment), []
        for variable, value in environment.items():
            if value.startswith("/") and Path(value).exists():
                copy = self._folder / f"{name}-{variable.lower()}"
                shutil.rmtree(copy, ignore_errors=True)
                (shutil.copytree if Path(value).is_dir() else shutil.copy)(value, copy)
                _own(copy)
                given[variable] = str(copy)
                volumes.append(copy)
        return given, volumes


def _own(copy: Path) -> None:
    for each in (copy, *copy.rglob("*")):
        os.chown(each, _USER, _USER)
