"""The one folder below which everything of a local system lies: data, ports, secrets, logs, process ids."""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from deploy.local import ports
from deploy.local.leftovers import end_leftovers


class FolderInUse(Exception):
    """Another run uses this folder."""


class DataFolder:
    """Belongs to one run at a time, which a lock shows that ends with the process that holds it."""

    def __init__(self, path: Path, lock: IO[str]) -> None:
        self.path = path
        self._lock = lock
        self._writing = threading.Lock()
        self._ports: dict[str, ports.Claim] = {}

    @classmethod
    def open(cls, path: Path, *, fresh: bool = False) -> "DataFolder":
        """Take the folder, and end what a killed run left running there; refuses with FolderInUse.

        `fresh` empties it.
        """
        path = path.resolve()
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o711)  # PostgreSQL's user passes through it
        lock = (path / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.close()
            raise FolderInUse(f"A local system runs already on {path}.") from error
        folder = cls(path, lock)
        end_leftovers(folder.pids)
        if fresh:
            folder.empty()
        return folder

    @classmethod
    def temporary(cls, parent: Path) -> "DataFolder":
        """A new folder below `parent`; what killed runs left there is ended and removed first."""
        parent.mkdir(parents=True, exist_ok=True)
        with _turn_at(parent):
            for old in parent.iterdir():
                with contextlib.suppress(FolderInUse):
                    cls.open(old)._remove()
            return cls.open(parent / f"{os.getpid()}-{secrets.token_hex(3)}")

    @property
    def logs(self) -> Path:
        return self.part("logs")

    @property
    def pids(self) -> Path:
        return self.part("pids")

    def part(self, name: str) -> Path:
        """A folder of this name in here, made if there is none."""
        path = self.path / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def port(self, name: str) -> int:
        """The port of this name: chosen once, and anew only if somebody had taken it before this run."""
        with self._writing:
            if name not in self._ports:
                self._ports[name] = self._remembered_port(name)
            return self._ports[name].port

    def _remembered_port(self, name: str) -> ports.Claim:
        file = self.path / "ports.json"
        known: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
        if name in known and (remembered := ports.claim(known[name])) is not None:
            return remembered
        chosen = ports.choose(frozenset(known.values()))
        known[name] = chosen.port
        file.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
        return chosen

    def secret(self, name: str) -> str:
        """The secret of this name: 32 random bytes in URL-safe base64, made once."""
        return self.secret_file(name).read_text()

    def secret_file(self, name: str) -> Path:
        """The file, readable by its owner only, that holds the secret of this name."""
        with self._writing:
            folder = self.part("secrets")
            folder.chmod(0o700)
            file = folder / name
            if not file.exists():
                file.touch(mode=0o600)
                file.write_text(secrets.token_urlsafe(32))
            return file

    def empty(self) -> None:
        """Remove everything but the lock."""
        for entry in self.path.iterdir():
            if entry.name == "lock":
                continue
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def close(self) -> None:
        """Let another run have the folder."""
        for claim in self._ports.values():
            claim.give_up()
        self._lock.close()

    def remove(self) -> None:
        """Remove the folder with everything in it."""
        with _turn_at(self.path.parent):
            self._remove()

    def _remove(self) -> None:
        shutil.rmtree(self.path)
        self.close()


@contextlib.contextmanager
def _turn_at(folder: Path) -> Iterator[None]:
    """One process at a time: a folder that another is just making, or removing, must not be taken for a dead
    run's."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
