"""The one collection of messaging's tables, and the columns that many of them have."""

from typing import Final

from sqlalchemy import Boolean, Column, DateTime, MetaData, SmallInteger, Uuid, text

from chassis.doomed_keys import define_doomed_data_key
from chassis.tables import define

metadata: Final = MetaData()
chassis_tables: Final = define(metadata)
doomed_data_key: Final = define_doomed_data_key(metadata)


def id_column(name: str, *, nullable: bool = False) -> Column[object]:
    """The id of something."""
    return Column(name, Uuid, nullable=nullable)


def time_column(name: str, *, nullable: bool = False) -> Column[object]:
    """A moment."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def number_column(name: str, *, nullable: bool = False) -> Column[object]:
    """A small number, such as an enum's value."""
    return Column(name, SmallInteger, nullable=nullable)


def flag_column(name: str) -> Column[object]:
    """A fact that does not hold until it is set."""
    return Column(name, Boolean, nullable=False, server_default=text("false"))
