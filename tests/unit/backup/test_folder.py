"""The folder of backups: what is not complete is not there, and what has expired goes."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chassis.settings import Secret
from deploy.backup import work
from deploy.backup.databases import BackupFailed
from deploy.backup.folder import Folder, Set
from deploy.backup.settings import BackupSettings, Bucket, WithKeys, WithoutKeys

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
NOWHERE = Secret("postgresql://nobody@127.0.0.1:9/nothing")
BOTH = WithKeys(NOWHERE, NOWHERE)
SETTINGS = BackupSettings(
    BOTH, BOTH, WithoutKeys(NOWHERE), BOTH, Bucket("127.0.0.1:9", Secret("a"), Secret("b"), "bucket")
)


def made(folder: Folder, kind: str, days_ago: float, *objects: str) -> Set:
    """A complete set that was made so long before now."""
    at = NOW - timedelta(days=days_ago)
    part = folder.begin(kind, at)
    (part / "messaging.dump").write_bytes(b"dumped")
    (part / "objects.json").write_text(json.dumps(dict.fromkeys(objects, 6)))
    for each in objects:
        file = folder.objects / each
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"sealed")
    return folder.complete(part, at, at)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_set_that_was_not_completed_is_not_there(folder: Folder) -> None:
    whole = made(folder, "data", 2)
    folder.begin("data", NOW)
    assert folder.sets("data") == [whole]


def test_a_damaged_dump_is_noticed(folder: Folder) -> None:
    damaged = made(folder, "data", 2)
    assert damaged.file("messaging.dump").read_bytes() == b"dumped"
    (damaged.path / "messaging.dump").write_bytes(b"dumpeD")
    with pytest.raises(BackupFailed, match="damaged"):
        damaged.file("messaging.dump")


def test_keys_live_seven_days_and_data_as_long_as_nobody_says_otherwise(folder: Folder) -> None:
    data = made(folder, "data", 400)
    made(folder, "keys", 7.1)
    young = [made(folder, "keys", 6.9), made(folder, "keys", 0.1)]
    assert work.prune(folder, SETTINGS, NOW, data_days=None)
    assert folder.sets("keys") == young
    assert folder.sets("data") == [data]


def test_the_newest_keys_stay_and_somebody_is_told(folder: Folder) -> None:
    made(folder, "data", 9)
    made(folder, "keys", 9)
    newest = made(folder, "keys", 8)
    assert not work.prune(folder, SETTINGS, NOW, data_days=None)
    assert folder.sets("keys") == [newest]


def test_objects_go_with_the_last_data_that_have_them(folder: Folder) -> None:
    made(folder, "data", 40, "a/old", "a/both")
    made(folder, "data", 20, "a/both", "b/new")
    made(folder, "keys", 1)
    work.prune(folder, SETTINGS, NOW, data_days=50)
    assert (folder.objects / "a" / "old").exists()
    work.prune(folder, SETTINGS, NOW, data_days=30)
    left = {str(each.relative_to(folder.objects)) for each in folder.objects.rglob("*") if each.is_file()}
    assert left == {"a/both", "b/new"}


def test_keys_that_are_older_than_the_data_are_not_restored(folder: Folder) -> None:
    made(folder, "keys", 3)
    made(folder, "data", 2)
    with pytest.raises(BackupFailed, match="older than the data"):
        work.restore(folder, SETTINGS, None, ["keys"])


def test_one_program_at_a_time_has_the_folder(tmp_path: Path) -> None:
    with (
        Folder.opened(tmp_path),
        pytest.raises(BackupFailed, match="another program"),
        Folder.opened(tmp_path),
    ):
        pass
