"""The one MetaData that all of identity's tables belong to, the chassis' own among them."""

from typing import Final

from sqlalchemy import MetaData

from chassis.tables import define

metadata: Final = MetaData()

define(metadata)
