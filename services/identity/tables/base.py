"""The one MetaData that all of identity's tables belong to."""

from typing import Final

from sqlalchemy import MetaData

metadata: Final = MetaData()
