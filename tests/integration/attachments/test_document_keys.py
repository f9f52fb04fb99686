"""Copies of rows of erased and of deleted documents open with no key that there still is."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from chassis.data_keys import DataKeys
from chassis.database import Database
from chassis.doomed_keys import GRACE, DoomedDataKeys
from chassis.keys import KeyDatabase, Keys
from chassis.sealing import CiphertextMoved
from chassis.wrapping import FileWrappingKeys
from praxispost.attachments.v1 import attachments_pb2 as pb
from services.attachments.seals import Place, Seals
from tests.integration.attachments.collecting import collect
from tests.integration.attachments.house import House, Stores, header, messaging, staff
from tests.integration.attachments.traces import Traces


class _Thief:
    """Has copies of rows from before, and all keys as they are now."""

    def __init__(self, database: KeyDatabase, stores: Stores) -> None:
        self.database = database
        self._wrapping = FileWrappingKeys(stores.wrapping_keys)

    async def opens(self, row: Mapping[str, Any]) -> bool:
        """Whether any key opens the document's key."""
        place = Place(row["practice_id"], row["patient_id"], row["id"])
        seals = Seals(Keys(self.database, self._wrapping), DataKeys(self.database, self._wrapping))
        for key_id in (None, *await self._key_ids()):
            try:
                (await seals.of(place, key_id)).open_key(bytes(row["key_sealed"]))
            except CiphertextMoved:
                continue
            return True
        return False

    async def _key_ids(self) -> Sequence[UUID]:
        async with self.database.transaction() as tx:
            return (await tx.execute(text("SELECT id FROM data_key"))).scalars().all()


@pytest.fixture
async def thief(stores: Stores) -> AsyncIterator[_Thief]:
    database = KeyDatabase(stores.keys_database_url)
    yield _Thief(database, stores)
    await database.close()


async def _destroy_due(stores: Stores, thief: _Thief) -> None:
    """What the worker does from time to time, once the time of grace is over."""
    database = Database(stores.database_url, pool_size=1)
    later = datetime.now(UTC) + GRACE + timedelta(minutes=1)
    await DoomedDataKeys(database, thief.database, lambda: later).destroy_due()
    await database.close()


async def test_a_copy_of_an_erased_documents_row_opens_with_no_key_there_is(
    house: House, stores: Stores, traces: Traces, thief: _Thief
) -> None:
    physician, patient_id = staff(), uuid4()
    practice_id, message_id = physician.tenants[0], uuid4()
    erased, kept = [
        (await house.upload(physician, each, header(patient_id))).attachment_id for each in (b"one", b"two")
    ]
    await house.claim(physician, patient_id, erased, message_id=message_id)
    await house.claim(physician, patient_id, kept, message_id=uuid4())
    [copied] = traces.rows(id=erased)
    assert await thief.opens(copied)
    request = pb.EraseAttachmentsRequest(practice_id=str(practice_id), message_id=str(message_id))
    await house.stub.EraseAttachments(request, metadata=house.metadata(messaging()))
    await _destroy_due(stores, thief)
    assert not await thief.opens(copied)
    assert await thief.opens(traces.rows(id=kept)[0])
    assert (await house.download(physician, kept)).content == b"two"


async def test_a_copy_of_the_row_of_a_document_that_nobody_sent_does_not_open_either(
    house: House, stores: Stores, traces: Traces, thief: _Thief
) -> None:
    physician = staff()
    attachment_id = (await house.upload(physician, b"text", header(uuid4()))).attachment_id
    [copied] = traces.rows(id=attachment_id)
    traces.set_age(attachment_id, 25)
    await collect(house)
    assert traces.nothing_of(physician.tenants[0])
    assert await thief.opens(copied)
    await _destroy_due(stores, thief)
    assert not await thief.opens(copied)


async def test_what_was_sealed_before_there_were_keys_of_their_own_stays_readable(
    stores: Stores, thief: _Thief
) -> None:
    wrapping, place = FileWrappingKeys(stores.wrapping_keys), Place(uuid4(), uuid4(), uuid4())
    older = (await Keys(thief.database, wrapping).sealer(place.patient_id)).seal(
        b"key", place.practice_id, place.patient_id, place.attachment_id, "key"
    )
    seals = Seals(Keys(thief.database, wrapping), DataKeys(thief.database, wrapping))
    assert (await seals.of(place, None)).open_key(older) == b"key"
    with pytest.raises(CiphertextMoved):
        (await seals.new(place)).open_key(older)
