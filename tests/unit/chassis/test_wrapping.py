"""Wrapping keys from a folder."""

import base64
from pathlib import Path

import pytest

from chassis.sealing import CiphertextMoved
from chassis.wrapping import FileWrappingKeys, WrappingKeysError


def write(folder: Path, name: str, key: bytes) -> None:
    (folder / name).write_text(base64.b64encode(key).decode() + "\n", encoding="ascii")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "1", b"1" * 32)
    return tmp_path


def test_the_newest_wraps_and_all_unwrap(folder: Path) -> None:
    before, wrapped = FileWrappingKeys(folder).wrap(b"k" * 32, "subject", "a")
    write(folder, "2", b"2" * 32)
    write(folder, "10", b"3" * 32)
    keys = FileWrappingKeys(folder)
    assert before == 1
    assert keys.unwrap(before, wrapped, "subject", "a") == b"k" * 32
    version, again = keys.wrap(b"k" * 32, "subject", "a")
    assert version == 10
    assert keys.unwrap(version, again, "subject", "a") == b"k" * 32


def test_a_wrapped_key_does_not_open_for_another_subject(folder: Path) -> None:
    keys = FileWrappingKeys(folder)
    version, wrapped = keys.wrap(b"k" * 32, "subject", "a")
    with pytest.raises(CiphertextMoved):
        keys.unwrap(version, wrapped, "subject", "b")


def test_a_missing_wrapping_key_is_named(folder: Path) -> None:
    with pytest.raises(WrappingKeysError, match="wrapping key 7 is missing"):
        FileWrappingKeys(folder).unwrap(7, b"", "subject")


@pytest.mark.parametrize("content", ["", "not base64 !", base64.b64encode(b"short").decode(), "ä"])
def test_a_malformed_wrapping_key_is_refused_without_showing_it(folder: Path, content: str) -> None:
    (folder / "2").write_text(content, encoding="utf-8")
    with pytest.raises(WrappingKeysError, match="wrapping key 2") as raised:
        FileWrappingKeys(folder)
    assert not content or content not in str(raised.value)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("1", encoding="ascii")
    with pytest.raises(WrappingKeysError, match="holds none"):
        FileWrappingKeys(tmp_path)
