"""What is not taken in is refused with its reason, and nothing of it stays."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import grpc
import pytest

from chassis.caller import Caller
from chassis.refusal import Refusal
from praxispost.attachments.v1 import attachments_pb2 as pb
from tests.integration.attachments.house import (
    CHUNK,
    LIMIT,
    House,
    account,
    header,
    messaging,
    parts,
    sha256,
    staff,
)
from tests.integration.attachments.traces import Traces
from tests.integration.chassis.waiting import eventually

_PART = 5 * 1024 * 1024


async def _refusal(house: House, caller: Caller, content: bytes, sent: pb.UploadHeader) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await house.upload(caller, content, sent)
    return refused.value


def _nothing_stays(traces: Traces, practice_id: UUID | None) -> bool:
    return not traces.rows(practice_id=practice_id) and not traces.objects(practice_id)


@pytest.mark.parametrize("declared", [0, LIMIT], ids=["size unknown", "size declared too small"])
async def test_a_byte_over_the_limit_is_refused(house: House, traces: Traces, declared: int) -> None:
    physician = staff()
    refusal = await _refusal(house, physician, bytes(LIMIT + 1), header(uuid4(), size=declared))
    assert (refusal.reason, dict(refusal.metadata)) == ("ATTACHMENT_TOO_LARGE", {"limit_bytes": str(LIMIT)})
    assert _nothing_stays(traces, physician.tenant_id)


async def test_a_declared_size_over_the_limit_is_refused_before_anything_comes(house: House) -> None:
    refusal = await _refusal(house, staff(), b"", header(uuid4(), size=LIMIT + 1))
    assert refusal.reason == "ATTACHMENT_TOO_LARGE"


async def test_an_endless_stream_is_refused_once_it_passes_the_limit(house: House, traces: Traces) -> None:
    physician = staff()

    def endless() -> Iterator[pb.UploadAttachmentRequest]:
        yield pb.UploadAttachmentRequest(header=header(uuid4()))
        while True:
            yield pb.UploadAttachmentRequest(chunk=bytes(CHUNK))

    code = await asyncio.to_thread(house.blocking_upload, physician, endless())
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert _nothing_stays(traces, physician.tenant_id)


@pytest.mark.parametrize(
    ("content", "declared", "reason"),
    [
        (b"", {}, "ATTACHMENT_EMPTY"),
        (b"12345", {"size": 4}, "SIZE_MISMATCH"),
        (b"12345", {"size": 6}, "SIZE_MISMATCH"),
        (bytes(2 * _PART), {"size": 2 * _PART + 1}, "SIZE_MISMATCH"),
        (bytes(2 * _PART), {"size": 2 * _PART - 1}, "SIZE_MISMATCH"),
        (b"12345", {"sha256": sha256(b"12346")}, "HASH_MISMATCH"),
        (bytes(2 * _PART), {"size": 2 * _PART, "sha256": sha256(b"else")}, "HASH_MISMATCH"),
    ],
)
async def test_what_is_not_as_declared_is_refused_and_leaves_nothing(
    house: House, traces: Traces, content: bytes, declared: dict[str, object], reason: str
) -> None:
    physician = staff()
    refusal = await _refusal(house, physician, content, header(uuid4(), **declared))
    assert refusal.reason == reason
    assert _nothing_stays(traces, physician.tenant_id)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("request_id", ""),
        ("request_id", "1"),
        ("patient_id", "x"),
        ("practice_id", "x"),
        ("file_name", ""),
        ("file_name", "../../etc/passwd"),
        ("file_name", "Befund\u202efdp.exe"),
        ("file_name", "ä" * 128),
        ("media_type", "pdf"),
        ("size", -1),
        ("sha256", b"short"),
    ],
)
async def test_a_malformed_header_is_refused_with_its_field(house: House, field: str, value: object) -> None:
    refusal = await _refusal(house, staff(), b"text", header(uuid4(), **{field: value}))
    assert (refusal.reason, refusal.fields[0].field) == ("INVALID_FIELD", f"header.{field}")


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [pb.UploadAttachmentRequest()],
        [pb.UploadAttachmentRequest(chunk=b"first")],
        [
            pb.UploadAttachmentRequest(header=header(uuid4())),
            pb.UploadAttachmentRequest(header=header(uuid4())),
        ],
        [pb.UploadAttachmentRequest(header=header(uuid4())), pb.UploadAttachmentRequest(chunk=b"")],
        [
            pb.UploadAttachmentRequest(header=header(uuid4())),
            pb.UploadAttachmentRequest(chunk=bytes(CHUNK + 1)),
        ],
    ],
    ids=["nothing", "no part", "chunk first", "two headers", "empty chunk", "large chunk"],
)
async def test_parts_out_of_order_or_bounds_are_refused(
    house: House, traces: Traces, requests: list[pb.UploadAttachmentRequest]
) -> None:
    physician = staff()
    with pytest.raises(Refusal) as refused:
        await house.send(physician, iter(requests))
    assert refused.value.reason == "INVALID_FIELD"
    assert _nothing_stays(traces, physician.tenant_id)


def _bound_to_another_patient() -> tuple[Caller, pb.UploadHeader]:
    practice_id = uuid4()
    return account(practice_id, uuid4()), header(uuid4(), practice_id=str(practice_id))


def _bound_in_another_practice() -> tuple[Caller, pb.UploadHeader]:
    patient_id = uuid4()
    return account(uuid4(), patient_id), header(patient_id, practice_id=str(uuid4()))


@pytest.mark.parametrize(
    "foreign",
    [
        lambda: (staff(), header(uuid4(), practice_id=str(uuid4()))),
        lambda: (account(uuid4(), uuid4()), header(uuid4(), practice_id=str(uuid4()))),
        lambda: (account(uuid4(), uuid4()), header(uuid4())),
        _bound_to_another_patient,
        _bound_in_another_practice,
    ],
)
async def test_a_patient_of_somebody_else_looks_like_none(
    house: House, foreign: Callable[[], tuple[Caller, pb.UploadHeader]]
) -> None:
    caller, sent = foreign()
    refusal = await _refusal(house, caller, b"text", sent)
    assert (refusal.status.name, refusal.reason) == ("NOT_FOUND", "PATIENT_NOT_FOUND")


async def test_only_messaging_claims_and_messaging_does_not_upload(house: House) -> None:
    refusal = await _refusal(house, messaging(), b"text", header(uuid4()))
    assert refusal.reason == "METHOD_NOT_ALLOWED"


async def test_an_upload_whose_caller_goes_away_leaves_nothing_and_can_be_repeated(
    house: House, traces: Traces
) -> None:
    physician, sent, content = staff(), header(uuid4()), os.urandom(3 * _PART)

    async def half() -> AsyncIterator[pb.UploadAttachmentRequest]:
        for count, part in enumerate(parts(sent, content)):
            yield part
            if count == 120:
                await asyncio.Event().wait()

    call = house.stub.UploadAttachment(half(), metadata=house.metadata(physician))
    await eventually(_fact(lambda: len(_parts_of(traces, physician)) > 0))
    call.cancel()
    await eventually(_fact(lambda: _nothing_stays(traces, physician.tenant_id)))
    assert _parts_of(traces, physician) == []
    uploaded = await house.upload(physician, content, sent)
    assert uploaded.sha256 == sha256(content)


def _parts_of(traces: Traces, caller: Caller) -> list[str]:
    return [key for key in traces.incomplete() if key.startswith(str(caller.tenant_id))]


def _fact(look: Callable[[], bool]) -> Callable[[], "asyncio.Future[bool]"]:
    async def fact() -> bool:
        return await asyncio.to_thread(look)

    return lambda: asyncio.ensure_future(fact())


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
        *(house.upload(physician, content, sent) for _ in range(5)), return_exceptions=True
    )
    answers = [each for each in outcomes if isinstance(each, pb.UploadAttachmentResponse)]
    refusals = [each.reason for each in outcomes if isinstance(each, Refusal)]
    assert len(answers) + len(refusals) == 5
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
    await eventually(_fact(lambda: bool(traces.rows(practice_id=physician.tenant_id))))
    assert (await _refusal(house, physician, b"text", sent)).reason == "UPLOAD_IN_PROGRESS"
    traces.set_age(traces.rows(practice_id=physician.tenant_id)[0]["id"], hours=1)
    uploaded = await house.upload(physician, b"text", sent)
    stalled.cancel()
    await eventually(_fact(lambda: len(traces.rows(practice_id=physician.tenant_id)) == 1))
    assert str(traces.rows(practice_id=physician.tenant_id)[0]["id"]) == uploaded.attachment_id


async def test_an_upload_writes_an_audit_row(house: House, traces: Traces) -> None:
    physician = staff()
    uploaded = await house.upload(physician, b"text", header(uuid4()))
    rows = traces.audit(object_id=UUID(uploaded.attachment_id))
    assert [(row["action"], row["actor_id"]) for row in rows] == [("upload_attachment", physician.subject_id)]
    assert (datetime.now(UTC) - rows[0]["occurred_at"]).total_seconds() < 60
