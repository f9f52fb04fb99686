"""The folder of backups: sets of dumps by kind and time, each complete or not there."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from deploy.backup.databases import BackupFailed

_NAME: Final = "%Y-%m-%dT%H-%M-%S-%fZ"
_MANIFEST: Final = "manifest.json"
_PART: Final = ".part"


@dataclass(frozen=True, slots=True)
class Set:
    """Dumps that belong together. `begun_at` and `ended_at` are times of the machine that made them."""

    path: Path
    begun_at: datetime
    ended_at: datetime

    @property
    def name(self) -> str:
        return self.path.name

    def file(self, name: str) -> Path:
        """A file of the set; refuses with BackupFailed where it is not as it was written."""
        wanted = json.loads((self.path / _MANIFEST).read_text())["sha256"].get(name)
        path = self.path / name
        if wanted is None or not path.is_file() or _sha256(path) != wanted:
            raise BackupFailed(f"{path} is missing or damaged")
        return path


class Folder:
    """One folder, for one program at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.objects = path / "objects"

    @classmethod
    @contextlib.contextmanager
    def opened(cls, path: Path) -> Iterator["Folder"]:
        """Take the folder, readable for its owner only; refuses with BackupFailed while another has it."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (path / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupFailed(f"another program is working on {path}") from None
            yield cls(path)

    def sets(self, kind: str) -> list[Set]:
        """The complete sets of a kind, the oldest first."""
        folder = self.path / kind
        paths = [each for each in folder.glob("*Z") if each.is_dir()] if folder.exists() else []
        return [_read(each) for each in sorted(paths)]

    def newest(self, kind: str) -> Set:
        """Refuses with BackupFailed where there is none."""
        sets = self.sets(kind)
        if not sets:
            raise BackupFailed(f"there is no complete backup in {self.path / kind}")
        return sets[-1]

    def named(self, kind: str, name: str) -> Set:
        """Refuses with BackupFailed where there is none of that name."""
        for each in self.sets(kind):
            if each.name == name:
                return each
        raise BackupFailed(f"there is no complete backup {name} in {self.path / kind}")

    def begin(self, kind: str, begun_at: datetime) -> Path:
        """A folder for a new set; what an interrupted run left of one is removed."""
        folder = self.path / kind
        folder.mkdir(mode=0o700, exist_ok=True)
        for left in folder.glob(f"*{_PART}"):
            shutil.rmtree(left)
        part = folder / (begun_at.strftime(_NAME) + _PART)
        part.mkdir(mode=0o700)
        return part

    def complete(self, part: Path, begun_at: datetime, ended_at: datetime) -> Set:
        """The set is there from now on, and on the disk."""
        manifest = {
            "begun_at": begun_at.isoformat(),
            "ended_at": ended_at.isoformat(),
            "sha256": {each.name: _sha256(each) for each in sorted(part.iterdir())},
        }
        (part / _MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
        os.sync()
        return _read(part.rename(part.with_suffix("")))

    def remove(self, old: Set) -> None:
        """Remove a set."""
        shutil.rmtree(old.path)


def _read(path: Path) -> Set:
    manifest = json.loads((path / _MANIFEST).read_text())
    times = (datetime.fromisoformat(manifest[name]) for name in ("begun_at", "ended_at"))
    return Set(path, *times)


def _sha256(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
