"""Keys in their database: made once whoever asks first, wrapped, and not the app role's to change."""

import asyncio
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from chassis.data_keys import destroy_data_keys
from chassis.sealing import CiphertextMoved
from chassis.wrapping import WrappingKeysError
from tests.integration.chassis.key_setting import KeySetting, stored, write_wrapping_key


async def test_a_subjects_key_is_made_once_and_kept(setting: KeySetting) -> None:
    subject = uuid4()
    keys = setting.keys()
    sealed = (await keys.sealer(subject)).seal(b"text", "place")
    assert await keys.sealer(subject) is await keys.sealer(subject)
    assert (await setting.keys().sealer(subject)).open(sealed, "place") == b"text"
    assert len(stored(setting, "subject_key")) == 1


async def test_processes_that_make_the_same_key_at_once_agree_on_one(setting: KeySetting) -> None:
    subjects = [uuid4() for _ in range(20)]
    processes = [setting.keys() for _ in range(8)]
    found = await asyncio.gather(*(each.sealers(subjects) for each in processes))
    for subject in subjects:
        sealed = found[0][subject].seal(b"text", "place")
        assert {each[subject].open(sealed, "place") for each in found} == {b"text"}
    assert len(stored(setting, "subject_key")) == len(subjects)


async def test_several_subjects_come_together_with_new_ones_among_them(setting: KeySetting) -> None:
    known, new = uuid4(), uuid4()
    sealed = (await setting.keys().sealer(known)).seal(b"text", "place")
    sealers = await setting.keys().sealers([known, new, known])
    assert set(sealers) == {known, new}
    assert sealers[known].open(sealed, "place") == b"text"
    with pytest.raises(CiphertextMoved):
        sealers[new].open(sealed, "place")
    assert await setting.keys().sealers([]) == {}


async def test_new_subjects_get_keys_that_are_found_again_and_never_a_second_one(setting: KeySetting) -> None:
    subjects = [uuid4() for _ in range(3)]
    keys = setting.keys()
    made = [keys.new(each) for each in subjects]
    await keys.store_new(made)
    found = await setting.keys().sealers(subjects)
    for each in made:
        assert found[each.subject_id].open(each.sealer.seal(b"text", "place"), "place") == b"text"
    with pytest.raises(IntegrityError):
        await keys.store_new([keys.new(uuid4()), keys.new(subjects[0])])
    assert len(stored(setting, "subject_key")) == len(subjects)


async def test_a_services_own_key_is_the_same_in_all_its_processes(setting: KeySetting) -> None:
    found = await asyncio.gather(*(setting.keys().service_key("search") for _ in range(8)))
    assert len(set(found)) == 1
    assert len(found[0]) == 32
    assert await setting.keys().service_key("else") != found[0]


async def test_no_key_lies_bare_in_the_database(setting: KeySetting) -> None:
    service_key = await setting.keys().service_key("search")
    signing_key = await setting.signing_keys().current()
    dump = repr([stored(setting, table) for table in ("service_key", "signing_key")])
    assert repr(service_key)[2:-1] not in dump
    assert repr(signing_key.private.private_bytes_raw())[2:-1] not in dump
    assert "private" not in repr(signing_key)


async def test_a_wrapped_key_moved_to_another_subject_does_not_open(setting: KeySetting) -> None:
    first, second = uuid4(), uuid4()
    await setting.keys().sealers([first, second])
    with psycopg.connect(setting.owner_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE subject_key SET wrapped = (SELECT wrapped FROM subject_key WHERE subject_id = %s)"
            " WHERE subject_id = %s",
            (first, second),
        )
    with pytest.raises(CiphertextMoved):
        await setting.keys().sealer(second)


async def test_a_new_wrapping_key_wraps_and_the_old_one_still_unwraps(setting: KeySetting) -> None:
    old, new = uuid4(), uuid4()
    sealed = (await setting.keys().sealer(old)).seal(b"text", "place")
    write_wrapping_key(setting.folder, 2)
    await setting.keys().sealer(new)
    assert (await setting.keys().sealer(old)).open(sealed, "place") == b"text"
    (setting.folder / "1").unlink()
    await setting.keys().sealer(new)
    with pytest.raises(WrappingKeysError, match="wrapping key 1 is missing"):
        await setting.keys().sealer(old)


async def test_the_signing_key_is_made_once_and_published(setting: KeySetting) -> None:
    found = await asyncio.gather(*(setting.signing_keys().current() for _ in range(8)))
    assert len({key.id for key in found}) == 1
    (published,) = await setting.signing_keys().published()
    assert published == found[0].public
    assert len(published.ed25519) == 32


async def test_every_data_key_is_given_once_and_lies_in_the_database_before(setting: KeySetting) -> None:
    processes = [setting.data_keys() for _ in range(3)]
    taken = await asyncio.gather(*(each.take() for each in processes for _ in range(150)))
    assert len({each.id for each in taken}) == len({each.key for each in taken}) == 450
    found = await setting.data_keys().find([each.id for each in taken])
    assert found == {each.id: each.key for each in taken}
    dump = repr(stored(setting, "data_key"))
    assert not [each for each in taken if repr(each.key)[2:-1] in dump]


async def test_a_destroyed_data_key_is_gone_and_the_others_stay(setting: KeySetting) -> None:
    keys = setting.data_keys()
    gone, stays = await keys.take(), await keys.take()
    for _ in range(2):
        await destroy_data_keys(setting.database, [gone.id])
    assert await setting.data_keys().find([gone.id, stays.id]) == {stays.id: stays.key}
    assert gone.id not in {row[0] for row in stored(setting, "data_key")}


async def test_a_wrapped_data_key_moved_to_another_id_does_not_open(setting: KeySetting) -> None:
    keys = setting.data_keys()
    first, second = await keys.take(), await keys.take()
    with psycopg.connect(setting.owner_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE data_key SET wrapped = (SELECT wrapped FROM data_key WHERE id = %s) WHERE id = %s",
            (first.id, second.id),
        )
    with pytest.raises(CiphertextMoved):
        await setting.data_keys().find([second.id])


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM subject_key",
        "UPDATE subject_key SET wrapped = ''",
        "DELETE FROM signing_key",
        "DELETE FROM data_key",
        "UPDATE data_key SET wrapped = ''",
        "TRUNCATE service_key",
        "DROP TABLE service_key",
        "CREATE TABLE other (id integer)",
    ],
)
async def test_the_app_role_can_neither_change_nor_destroy_keys(setting: KeySetting, statement: str) -> None:
    await setting.keys().sealer(UUID(int=1))
    with psycopg.connect(setting.app_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())
