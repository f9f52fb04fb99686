"""Without the object store callers get a clear answer in time, and with it all works again by itself."""

import asyncio
import os
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from chassis.refusal import Refusal
from praxispost.attachments.v1 import attachments_pb2 as pb
from tests.integration.attachments.house import House, Stores, header, open_house, parts, sha256, staff
from tests.integration.attachments.outage import Outage, outage_before
from tests.integration.attachments.traces import Traces
from tests.integration.chassis.waiting import eventually

_PART = 5 * 1024 * 1024


@pytest.fixture
async def outage(stores: Stores) -> AsyncIterator[Outage]:
    async with outage_before(stores.s3) as outage:
        yield outage


@pytest.fixture
async def far_house(stores: Stores, outage: Outage) -> AsyncIterator[House]:
    """A house whose way to the store can be cut."""
    async with open_house(stores, outage.settings, store_patience=3.0) as house:
        yield house


async def test_an_upload_without_the_store_is_refused_and_can_be_repeated_when_it_is_back(
    far_house: House, outage: Outage, traces: Traces
) -> None:
    physician, sent, content = staff(), header(uuid4()), os.urandom(2 * _PART)
    await outage.begin()
    with pytest.raises(Refusal) as refused:
        await far_house.upload(physician, content, sent)
    assert (refused.value.status.name, refused.value.reason) == ("UNAVAILABLE", "STORE_UNAVAILABLE")
    await outage.end()
    assert (await far_house.upload(physician, content, sent)).sha256 == sha256(content)
    states = [row["state"] for row in traces.rows(practice_id=physician.tenant_id)]
    assert sorted(states) == ["deleting", "ready"]


async def test_an_upload_whose_store_goes_away_in_the_middle_is_refused(
    far_house: House, outage: Outage, traces: Traces
) -> None:
    physician, sent, content = staff(), header(uuid4()), os.urandom(6 * _PART)

    async def with_an_outage() -> AsyncIterator[pb.UploadAttachmentRequest]:
        for count, part in enumerate(parts(sent, content)):
            if count == 200:
                await eventually(lambda: asyncio.to_thread(lambda: len(traces.incomplete()) > 0))
                await outage.begin()
            yield part

    with pytest.raises(Refusal) as refused:
        await far_house.send(physician, with_an_outage())
    assert refused.value.reason == "STORE_UNAVAILABLE"
    await outage.end()
    assert (await far_house.upload(physician, content, sent)).sha256 == sha256(content)


async def test_a_store_that_does_not_answer_is_given_up_in_time(far_house: House, outage: Outage) -> None:
    await outage.begin(silent=True)
    async with asyncio.timeout(20):
        with pytest.raises(Refusal) as refused:
            await far_house.upload(staff(), b"text", header(uuid4()))
    assert refused.value.reason == "STORE_UNAVAILABLE"
    await outage.end()
    assert (await far_house.upload(staff(), b"text", header(uuid4()))).size == 4


async def test_a_download_without_the_store_is_refused_and_works_when_it_is_back(
    far_house: House, outage: Outage
) -> None:
    physician, patient_id = staff(), uuid4()
    attachment_id = (await far_house.upload(physician, b"text", header(patient_id))).attachment_id
    await far_house.claim(physician, patient_id, attachment_id, message_id=uuid4())
    await outage.begin()
    with pytest.raises(Refusal) as refused:
        await far_house.download(physician, attachment_id)
    assert (refused.value.status.name, refused.value.reason) == ("UNAVAILABLE", "STORE_UNAVAILABLE")
    await outage.end()
    assert (await far_house.download(physician, attachment_id)).content == b"text"
