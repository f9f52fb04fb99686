"""The keys that wrap all other keys; they come from outside, by default from a mounted folder."""

import base64
import binascii
from pathlib import Path
from typing import Protocol

from chassis.sealing import KEY_BYTES, Part, Sealer


class WrappingKeysError(Exception):
    """Wrapping keys that are missing or malformed."""


class WrappingKeys(Protocol):
    """Wraps keys under the newest wrapping key; an HSM or a cloud's KMS can stand behind it."""

    def wrap(self, key: bytes, *belongs_to: Part) -> tuple[int, bytes]:
        """The version of the wrapping key and the wrapped key, which opens for `belongs_to` only."""

    def unwrap(self, version: int, wrapped: bytes, *belongs_to: Part) -> bytes:
        """The key; raises CiphertextMoved for one that was wrapped for something else."""


class FileWrappingKeys:
    """Wrapping keys from a folder: files named 1, 2, …, each 32 bytes as base64; the highest number wraps.

    A version that is not known is looked for once more: a mounted folder gets new files while a process runs.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sealers = _sealers(folder)
        if not self._sealers:
            raise WrappingKeysError("the folder of wrapping keys holds none")
        self.newest = max(self._sealers)

    def wrap(self, key: bytes, *belongs_to: Part) -> tuple[int, bytes]:
        return self.newest, self._sealers[self.newest].seal(key, *belongs_to)

    def unwrap(self, version: int, wrapped: bytes, *belongs_to: Part) -> bytes:
        if version not in self._sealers:
            self._sealers |= _sealers(self._folder)
        sealer = self._sealers.get(version)
        if sealer is None:
            raise WrappingKeysError(f"wrapping key {version} is missing")
        return sealer.open(wrapped, *belongs_to)


def _sealers(folder: Path) -> dict[int, Sealer]:
    return {
        int(file.name): Sealer({int(file.name): _read(file)})
        for file in folder.glob("[1-9]*")
        if file.name.isdecimal()
    }


def _read(file: Path) -> bytes:
    try:
        key = base64.b64decode(file.read_text(encoding="ascii").strip(), validate=True)
    except (OSError, UnicodeDecodeError, binascii.Error):
        raise WrappingKeysError(f"wrapping key {file.name} cannot be read") from None
    if len(key) != KEY_BYTES:
        raise WrappingKeysError(f"wrapping key {file.name} is not 32 bytes as base64")
    return key
