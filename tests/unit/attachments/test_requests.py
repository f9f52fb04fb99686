"""The parts of an upload as they come over the wire, or do not."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chassis.refusal import Refusal
from praxispost.attachments.v1 import attachments_pb2 as pb
from services.attachments.requests import take_header


async def _parts(
    *parts: pb.UploadAttachmentRequest, silent: bool
) -> AsyncIterator[pb.UploadAttachmentRequest]:
    for part in parts:
        yield part
    if silent:
        await asyncio.Event().wait()


async def test_who_opens_an_upload_and_says_nothing_is_not_waited_for() -> None:
    with pytest.raises(Refusal) as refused:
        await take_header(_parts(silent=True), seconds=0.01)
    assert (refused.value.status.name, refused.value.reason) == ("DEADLINE_EXCEEDED", "DEADLINE_PASSED")


async def test_nothing_at_all_is_no_header() -> None:
    with pytest.raises(Refusal) as refused:
        await take_header(_parts(silent=False))
    assert refused.value.reason == "INVALID_FIELD"


async def test_a_header_is_taken_though_nothing_follows_it_yet() -> None:
    header = pb.UploadHeader(file_name="Befund.pdf")
    assert await take_header(_parts(pb.UploadAttachmentRequest(header=header), silent=True)) == header
