"""A new wrapping key: everything comes under it while the service works, and nothing is lost."""

import asyncio
from uuid import UUID, uuid4

import psycopg
import pytest

from chassis.keys import Keys
from chassis.rewrapping import RewrapSettings, rewrap
from chassis.sealing import Sealer
from chassis.settings import Secret
from chassis.wrapping import WrappingKeysError
from tests.integration.chassis.key_setting import KeySetting, write_wrapping_key

_TABLES = ("subject_key", "service_key", "signing_key", "data_key")
_SUBJECTS = 1_200


def _rewrap(setting: KeySetting) -> int:
    return rewrap(RewrapSettings(Secret(setting.owner_url), setting.folder))


def _versions(setting: KeySetting) -> set[int]:
    with psycopg.connect(setting.owner_url) as connection:
        found = [
            connection.execute(f"SELECT DISTINCT wrapping_version FROM {each}").fetchall() for each in _TABLES
        ]
    return {version for rows in found for (version,) in rows}


async def test_afterwards_nothing_lies_under_the_old_key_and_everything_opens(setting: KeySetting) -> None:
    subjects = [uuid4() for _ in range(_SUBJECTS)]
    sealers = await setting.keys().sealers(subjects)
    sealed = {subject: sealers[subject].seal(b"text", "place") for subject in subjects}
    own = await setting.keys().service_key("index")
    data_key = await setting.data_keys().take()
    await setting.signing_keys().current()
    write_wrapping_key(setting.folder, 2)
    assert await asyncio.to_thread(_rewrap, setting) > _SUBJECTS
    assert _versions(setting) == {2}
    (setting.folder / "1").unlink()
    again = await setting.keys().sealers(subjects)
    assert all(again[subject].open(sealed[subject], "place") == b"text" for subject in subjects)
    assert await setting.keys().service_key("index") == own
    assert (await setting.data_keys().find([data_key.id]))[data_key.id] == data_key.key
    assert await asyncio.to_thread(_rewrap, setting) == 0


async def test_processes_that_run_meanwhile_read_on(setting: KeySetting) -> None:
    """They have read the folder before the new wrapping key was there."""
    subjects = [uuid4() for _ in range(_SUBJECTS)]
    await setting.keys().sealers(subjects)
    running = [setting.keys() for _ in range(8)]
    write_wrapping_key(setting.folder, 2)
    stop = asyncio.Event()
    reading = asyncio.create_task(_read(running, subjects, stop))
    await asyncio.to_thread(_rewrap, setting)
    stop.set()
    assert await reading > 0
    assert _versions(setting) == {2}
    late = setting.keys()
    assert isinstance(await late.sealer(uuid4()), Sealer)


async def _read(processes: list[Keys], subjects: list[UUID], stop: asyncio.Event) -> int:
    """Each process reads keys that it has not kept, until told to stop; returns how many."""
    read = 0
    while not stop.is_set() or read == 0:
        for number, keys in enumerate(processes):
            some = subjects[read % _SUBJECTS :: 7][: number + 1]
            for subject in some:
                keys._kept.forget(subject)
            read += len(await keys.sealers(some))
    return read


async def test_a_key_that_is_in_use_and_missing_is_named_and_nothing_changes(setting: KeySetting) -> None:
    await setting.keys().sealer(uuid4())
    write_wrapping_key(setting.folder, 3)
    (setting.folder / "1").unlink()
    with pytest.raises(WrappingKeysError, match="wrapping key 1 is missing"):
        await asyncio.to_thread(_rewrap, setting)
    assert _versions(setting) == {1}
