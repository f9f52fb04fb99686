"""Lets a step of the set-up be skipped while what it was made from has not changed."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def digest(files: Iterable[Path], *texts: str) -> str:
    """SHA-256 over the names and contents of the files and over the texts, in hexadecimal."""
    whole = hashlib.sha256()
    for file in sorted(files):
        whole.update(f"{file.name}\0{file.stat().st_size}\0".encode())
        whole.update(file.read_bytes())
    for text in texts:
        whole.update(f"{text}\0".encode())
    return whole.hexdigest()


class Stamp:
    """A small file that says what the last completed run of a step was made from."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def is_current(self, inputs: str) -> bool:
        return self._file.is_file() and self._file.read_text() == inputs

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)

    def write(self, inputs: str) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(inputs)
