"""The same upload under the same request id is taken in once."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from chassis.caller import Caller
from chassis.refusal import Refusal
from praxispost.attachments.v1 import attachments_pb2 as pb
from tests.integration.attachments.house import House, header, staff
from tests.integration.attachments.traces import Traces, until

_PART = 5 * 1024 * 1024


async def _refusal(house: House, caller: Caller, content: bytes, sent: pb.UploadHeader) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await house.upload(caller, content, sent)
    return refused.value


async def test_the_same_upload_again_has_the_same_answer(house: House, traces: Traces) -> None:
    physician, sent, content = staff(), header(uuid4()), os.urandom(100_000)
    first = await house.upload(physician, content, sent)
    assert await house.upload(physician, content, sent) == first
    assert len(traces.rows(practice_id=physician.tenant_id)) == 1
    assert len(traces.objects(physician.tenant_id)) == 1


async def test_the_same_upload_again_has_the_same_answer_after_its_message_was_sent(house: House) -> None:
    physician, patient_id, content = staff(), uuid4(), os.urandom(1_000)
    sent = header(patient_id)
    first = await house.upload(physician, content, sent)
    await house.claim(physician, patient_id, first.attachment_id, message_id=uuid4())
    assert await house.upload(physician, content, sent) == first


@pytest.mark.parametrize("changed", ["content", "file_name", "patient_id", "media_type"])
async def test_another_upload_under_the_same_id_is_refused(
    house: House, traces: Traces, changed: str
) -> None:
    physician, sent = staff(), header(uuid4())
    await house.upload(physician, b"content", sent)
    other = pb.UploadHeader()
    other.CopyFrom(sent)
    content = b"other" if changed == "content" else b"content"
    if changed != "content":
        setattr(other, changed, {"patient_id": str(uuid4()), "media_type": "a/b"}.get(changed, "other.pdf"))
    refusal = await _refusal(house, physician, content, other)
    assert (refusal.status.name, refusal.reason) == ("FAILED_PRECONDITION", "REQUEST_ID_REUSED")
    assert len(traces.rows(practice_id=physician.tenant_id)) == 1


async def test_two_uploaders_may_choose_the_same_request_id(house: House) -> None:
    sent, physician = header(uuid4()), staff()
    colleague = staff(physician.tenant_id)
    mine = await house.upload(physician, b"mine", sent)
    theirs = await house.upload(colleague, b"theirs", sent)
    assert mine.attachment_id != theirs.attachment_id


async def test_of_the_same_upload_twice_at_once_one_wins(house: House, traces: Traces) -> None:
    physician, sent, content = staff(), header(uuid4()), os.urandom(2 * _PART)
    outcomes = await asyncio.gather(
        *(house.upload(physician, content, sent) for _ in range(3)), return_exceptions=True
    )
    answers = [each for each in outcomes if isinstance(each, pb.UploadAttachmentResponse)]
    refusals = [each.reason for each in outcomes if isinstance(each, Refusal)]
    assert len(answers) + len(refusals) == 3
    assert len({answer.attachment_id for answer in answers}) == 1
    assert set(refusals) <= {"UPLOAD_IN_PROGRESS"}
    assert len(traces.rows(practice_id=physician.tenant_id)) == 1
    assert len(traces.objects(physician.tenant_id)) == 1
    assert (await house.upload(physician, content, sent)).attachment_id == answers[0].attachment_id


async def test_an_upload_that_died_with_its_process_can_be_repeated_after_a_while(
    house: House, traces: Traces
) -> None:
    physician, sent = staff(), header(uuid4())
    stop = asyncio.Event()

    async def stalling() -> AsyncIterator[pb.UploadAttachmentRequest]:
        yield pb.UploadAttachmentRequest(header=sent)
        await stop.wait()

    stalled = house.stub.UploadAttachment(stalling(), metadata=house.metadata(physician))
    await until(lambda: bool(traces.rows(practice_id=physician.tenant_id)))
    assert (await _refusal(house, physician, b"text", sent)).reason == "UPLOAD_IN_PROGRESS"
    traces.set_age(traces.rows(practice_id=physician.tenant_id)[0]["id"], hours=1)
    uploaded = await house.upload(physician, b"text", sent)
    stalled.cancel()
    await until(lambda: len(traces.rows(practice_id=physician.tenant_id)) == 1)
    assert str(traces.rows(practice_id=physician.tenant_id)[0]["id"]) == uploaded.attachment_id


async def test_an_upload_writes_an_audit_row(house: House, traces: Traces) -> None:
    physician = staff()
    uploaded = await house.upload(physician, b"text", header(uuid4()))
    rows = traces.audit(object_id=UUID(uploaded.attachment_id))
    assert [(row["action"], row["actor_id"]) for row in rows] == [("upload_attachment", physician.subject_id)]
    assert (datetime.now(UTC) - rows[0]["occurred_at"]).total_seconds() < 60
