"""Programs find a running system by its folder, and none that has ended."""

from dataclasses import replace
from pathlib import Path

from deploy.local.address_book import AddressBook, Targets, find, remove
from deploy.local.data_folder import DataFolder
from deploy.local.service_accounts import ServiceAccount

BOOK = AddressBook(
    folder="",
    targets=Targets("127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "127.0.0.1:4"),
    catcher_url="http://127.0.0.1:5",
    portal_url="http://127.0.0.1:6",
    operator=ServiceAccount("one", "secret"),
    portal=ServiceAccount("two", "secret"),
    metrics={"identity-api": "http://127.0.0.1:7"},
)


def test_a_running_system_is_found(tmp_path: Path) -> None:
    data = DataFolder.open(tmp_path)
    book = replace(BOOK, folder=str(data.path))
    book.write(data.path)
    assert find(data.path) == book
    remove(data.path)
    assert find(data.path) is None
    data.close()


def test_a_killed_system_is_not_found(tmp_path: Path) -> None:
    data = DataFolder.open(tmp_path)
    BOOK.write(data.path)
    data.close()  # as the end of its starter would
    assert find(data.path) is None


def test_where_none_ever_ran_none_is_found(tmp_path: Path) -> None:
    assert find(tmp_path) is None


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    BOOK.write(tmp_path)
    assert (tmp_path / "address-book.json").stat().st_mode & 0o077 == 0
