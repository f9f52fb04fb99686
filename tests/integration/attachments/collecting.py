"""Collects what is due, where messaging knows no message."""

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from services.attachments.collection import Collector
from services.attachments.lookups import Holders
from tests.integration.attachments.house import House


async def collect(house: House) -> None:
    """Delete what no message will have."""
    collector = Collector(
        database=house.database,
        store=house.store,
        holders=_none,
        clock=lambda: datetime.now(UTC),
    )
    await collector.collect()


async def _none(practice_id: UUID, attachment_ids: Collection[UUID]) -> Holders:
    return Holders()
