"""An empty key database with its schema, and a folder of wrapping keys."""

import base64
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from chassis.data_keys import DataKeys
from chassis.keys import KeyDatabase, Keys
from chassis.signing import SigningKeys
from chassis.wrapping import FileWrappingKeys


@dataclass(frozen=True, slots=True)
class KeySetting:
    """An empty key database with its schema, and wrapping keys for it."""

    database: KeyDatabase
    owner_url: str
    app_url: str
    folder: Path

    def keys(self) -> Keys:
        """The keys as another process would see them."""
        return Keys(self.database, self.wrapping)

    def data_keys(self) -> DataKeys:
        """The same of the keys of single pieces of data."""
        return DataKeys(self.database, self.wrapping)

    def signing_keys(self) -> SigningKeys:
        """The same of the keys that tokens are signed with."""
        return SigningKeys(self.database, self.wrapping)

    @property
    def wrapping(self) -> FileWrappingKeys:
        """The folder as a process reads it that starts now."""
        return FileWrappingKeys(self.folder)


def write_wrapping_key(folder: Path, version: int) -> None:
    """Bring one more wrapping key."""
    key = bytes([version]) * 32
    (folder / str(version)).write_text(base64.b64encode(key).decode(), encoding="ascii")


def stored(setting: KeySetting, table: str) -> list[tuple[object, ...]]:
    """All rows of a table."""
    with psycopg.connect(setting.owner_url) as connection:
        query = sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))
        return connection.execute(query).fetchall()
