"""Makes backups, restores them, and lets them expire."""

import json
import subprocess
import sys
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from deploy.backup import databases
from deploy.backup.databases import BackupFailed
from deploy.backup.folder import Folder, Set
from deploy.backup.objects import Objects
from deploy.backup.settings import BackupSettings, WithKeys

PARTS: Final = ("data", "keys", "objects")
KEYS_LIVE: Final = timedelta(days=7)
_OBJECTS: Final = "objects.json"
_ROOT: Final = Path(__file__).resolve().parents[2]


def make(folder: Folder, settings: BackupSettings, *, only_keys: bool = False) -> list[Set]:
    """A backup of everything, or of the key databases only; returns the sets, complete."""
    if only_keys:
        return [_make_keys(folder, settings)]
    begun_at = datetime.now(UTC)
    data = folder.begin("data", begun_at)
    for service, url in settings.data.items():
        databases.dump(url, data / f"{service}.dump")
    ended_at = datetime.now(UTC)
    keys = _make_keys(folder, settings)
    objects = Objects(settings.s3, folder.objects).fetch()
    (data / _OBJECTS).write_text(json.dumps(objects))
    return [folder.complete(data, begun_at, ended_at), keys]


def restore(folder: Folder, settings: BackupSettings, name: str | None, parts: Collection[str]) -> Set:
    """The data of that name, or the newest, with the newest keys; into empty databases.

    Parts that are left out must be there already. Refuses with BackupFailed, before anything is written
    where it can.
    """
    data = folder.newest("data") if name is None else folder.named("data", name)
    wanted = _wanted(folder, settings, data, parts)
    for url in wanted:
        databases.check_empty(url)
    if "objects" in parts:
        Objects(settings.s3, folder.objects).put(json.loads(data.file(_OBJECTS).read_text()))
    for url, file in wanted.items():
        databases.restore(url, file)
    if "data" in parts:
        for url in settings.data.values():
            databases.publish_again(url)
        _settle("messaging", settings.messaging)
        _settle("identity", settings.identity)
    return data


def prune(folder: Folder, settings: BackupSettings, now: datetime, data_days: int | None) -> bool:
    """Remove what has expired: keys after seven days, data after as many days as given, objects with them.

    The newest set of each kind stays, so that a backup that has stopped working loses nothing; returns
    whether the newest keys are young enough.
    """
    for kind, live in (
        ("keys", KEYS_LIVE),
        ("data", None if data_days is None else timedelta(days=data_days)),
    ):
        for each in folder.sets(kind)[:-1]:
            if live is not None and each.begun_at < now - live:
                folder.remove(each)
    needed: set[str] = set()
    for each in folder.sets("data"):
        needed |= json.loads(each.file(_OBJECTS).read_text()).keys()
    Objects(settings.s3, folder.objects).keep_only(needed)
    return folder.newest("keys").begun_at >= now - KEYS_LIVE


def _make_keys(folder: Folder, settings: BackupSettings) -> Set:
    begun_at = datetime.now(UTC)
    part = folder.begin("keys", begun_at)
    for service, url in settings.keys.items():
        databases.dump(url, part / f"{service}.dump")
    return folder.complete(part, begun_at, datetime.now(UTC))


def _wanted(
    folder: Folder, settings: BackupSettings, data: Set, parts: Collection[str]
) -> Mapping[str, Path]:
    """Which dump belongs into which database; every dump was looked at before the first is restored."""
    wanted: dict[str, Path] = {}
    if "keys" in parts:
        keys = folder.newest("keys")
        if keys.begun_at < data.ended_at:
            raise BackupFailed(f"the keys of {keys.name} are older than the data of {data.name}")
        wanted |= {url: keys.file(f"{service}.dump") for service, url in settings.keys.items()}
    if "data" in parts:
        wanted |= {url: data.file(f"{service}.dump") for service, url in settings.data.items()}
    return wanted


def _settle(service: str, urls: WithKeys) -> None:
    """The service erases anew what the data still hold and the keys do not."""
    environment = {
        "PRAXISPOST_MIGRATE_DATABASE_URL": urls.database_url,
        "PRAXISPOST_MIGRATE_KEYS_DATABASE_URL": urls.keys_database_url,
    }
    command = [sys.executable, "-m", f"services.{service}", "settle-restored"]
    ended = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise BackupFailed(f"{service} settle-restored failed: {ended.stdout}{ended.stderr}")
