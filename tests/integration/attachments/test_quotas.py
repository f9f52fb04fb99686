"""What a practice's documents take is counted, and is no more than the operator allows."""

import asyncio
import os
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from grpc import aio

from chassis.caller import Caller
from chassis.refusal import Refusal
from chassis.rich_status import refusal_of
from praxispost.attachments.v1 import attachments_pb2 as pb
from praxispost.attachments.v1 import usage_pb2
from tests.integration.attachments import pictures
from tests.integration.attachments.collecting import collect
from tests.integration.attachments.house import CHUNK, QUOTA, House, account, header, operator, staff
from tests.integration.attachments.traces import Traces, until


async def _usage(house: House, caller: Caller, practice_id: UUID | None = None) -> tuple[int, int]:
    request = usage_pb2.GetUsageRequest(practice_id=str(practice_id or ""))
    try:
        answer = await house.usage.GetUsage(request, metadata=house.metadata(caller))
    except aio.AioRpcError as error:
        raise refusal_of(error) or error from error
    return answer.used_bytes, answer.quota_bytes


async def _set_quota(house: House, practice_id: object, quota_bytes: int) -> None:
    request = usage_pb2.SetQuotaRequest(practice_id=str(practice_id), quota_bytes=quota_bytes)
    try:
        await house.usage.SetQuota(request, metadata=house.metadata(operator()))
    except aio.AioRpcError as error:
        raise refusal_of(error) or error from error


async def _refusal(house: House, caller: Caller, content: bytes, sent: pb.UploadHeader) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await house.upload(caller, content, sent)
    return refused.value


async def test_what_is_stored_counts_until_it_is_removed(house: House, traces: Traces) -> None:
    physician = staff()
    assert await _usage(house, physician) == (0, QUOTA)
    first = await house.upload(physician, b"12345", header(uuid4()))
    await house.upload(physician, b"678", header(uuid4()))
    assert await _usage(house, physician) == (8, QUOTA)
    traces.set_age(first.attachment_id, hours=25)
    await collect(house)
    assert await _usage(house, physician) == (3, QUOTA)


async def test_a_photo_counts_with_what_is_kept_beside_its_rendition(house: House, traces: Traces) -> None:
    physician, content = staff(), pictures.photo("JPEG")
    uploaded = await house.upload(physician, content, header(uuid4()))
    [row] = traces.rows(id=UUID(uploaded.attachment_id))
    assert await _usage(house, physician) == (len(content) + row["size"], QUOTA)
    traces.set_age(uploaded.attachment_id, hours=25)
    await collect(house)
    assert await _usage(house, physician) == (0, QUOTA)


@pytest.mark.parametrize("declared", [True, False], ids=["declared", "not declared"])
async def test_what_finds_no_room_is_refused_and_leaves_nothing(
    house: House, traces: Traces, declared: bool
) -> None:
    physician, content = staff(), os.urandom(2 * CHUNK)
    await _set_quota(house, physician.tenant_id, len(content) - 1)
    sent = header(uuid4(), size=len(content) if declared else 0)
    refusal = await _refusal(house, physician, content, sent)
    assert (refusal.status.name, refusal.reason) == ("RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")
    assert refusal.metadata["quota_bytes"] == str(len(content) - 1)
    assert await _usage(house, physician) == (0, len(content) - 1)
    await until(lambda: traces.nothing_of(physician.tenant_id))
    await _set_quota(house, physician.tenant_id, len(content))
    await house.upload(physician, content, sent)


async def test_two_uploads_at_once_find_room_for_one(house: House) -> None:
    physician, content = staff(), os.urandom(CHUNK)
    await _set_quota(house, physician.tenant_id, 2 * CHUNK - 1)
    outcomes = await asyncio.gather(
        *(house.upload(physician, content, header(uuid4())) for _ in range(2)), return_exceptions=True
    )
    assert [each.reason for each in outcomes if isinstance(each, Refusal)] == ["QUOTA_EXCEEDED"]
    assert (await _usage(house, physician))[0] == CHUNK


async def test_the_same_upload_again_is_answered_where_there_is_no_room_left(house: House) -> None:
    physician, sent = staff(), header(uuid4())
    await _set_quota(house, physician.tenant_id, 4)
    assert await house.upload(physician, b"text", sent) == await house.upload(physician, b"text", sent)
    assert (await _refusal(house, physician, b"more", header(uuid4()))).reason == "QUOTA_EXCEEDED"


async def test_a_quota_is_one_practices_and_can_be_taken_back(house: House, traces: Traces) -> None:
    physician, other = staff(), staff()
    await _set_quota(house, physician.tenant_id, 7)
    assert await _usage(house, physician) == (0, 7)
    assert await _usage(house, operator(), physician.tenant_id) == (0, 7)
    assert await _usage(house, other) == (0, QUOTA)
    await _set_quota(house, physician.tenant_id, 0)
    assert await _usage(house, physician) == (0, QUOTA)
    assert len(traces.audit(object_id=physician.tenant_id, action="set_quota")) == 2


async def test_nobody_sees_another_practices_usage(house: House) -> None:
    with pytest.raises(Refusal) as refused:
        await _usage(house, staff(), uuid4())
    assert refused.value.reason == "PRACTICE_NOT_FOUND"


@pytest.mark.parametrize(("practice_id", "quota"), [("", 1), ("nobody", 1), (uuid4(), -1), (uuid4(), 2**61)])
async def test_a_malformed_quota_is_refused(house: House, practice_id: object, quota: int) -> None:
    with pytest.raises(Refusal) as refused:
        await _set_quota(house, practice_id, quota)
    assert refused.value.reason == "INVALID_FIELD"


async def test_one_uploader_has_three_places_and_leaves_the_others_theirs(
    house: House, traces: Traces
) -> None:
    physician, patient_id, end = staff(), uuid4(), asyncio.Event()

    async def slowly() -> AsyncIterator[pb.UploadAttachmentRequest]:
        yield pb.UploadAttachmentRequest(header=header(patient_id))
        yield pb.UploadAttachmentRequest(chunk=b"text")
        await end.wait()

    held = [asyncio.create_task(house.send(physician, slowly())) for _ in range(3)]
    await until(lambda: len(traces.rows(practice_id=physician.tenant_id)) == len(held))
    refusal = await _refusal(house, physician, b"text", header(patient_id))
    assert (refusal.status.name, refusal.reason) == ("RESOURCE_EXHAUSTED", "TOO_MANY_UPLOADS")
    await house.upload(staff(physician.tenant_id), b"text", header(patient_id))
    patient = account(physician.tenants[0], patient_id)
    await house.upload(patient, b"text", header(patient_id, practice_id=str(physician.tenant_id)))
    end.set()
    await asyncio.gather(*held)
    await house.upload(physician, b"text", header(patient_id))
