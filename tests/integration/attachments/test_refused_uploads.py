"""What is not taken in is refused with its reason, and nothing of it stays."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import uuid4

import grpc
import pytest

from chassis.caller import Caller
from chassis.refusal import Refusal
from praxispost.attachments.v1 import attachments_pb2 as pb
from tests.integration.attachments.house import (
    CHUNK,
    LIMIT,
    House,
    Stores,
    account,
    header,
    messaging,
    open_house,
    parts,
    sha256,
    staff,
)
from tests.integration.attachments.traces import Traces, until

_PART = 5 * 1024 * 1024


async def _refusal(house: House, caller: Caller, content: bytes, sent: pb.UploadHeader) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await house.upload(caller, content, sent)
    return refused.value


@pytest.mark.parametrize("declared", [0, LIMIT], ids=["size unknown", "size declared too small"])
async def test_a_byte_over_the_limit_is_refused(house: House, traces: Traces, declared: int) -> None:
    physician = staff()
    refusal = await _refusal(house, physician, bytes(LIMIT + 1), header(uuid4(), size=declared))
    assert (refusal.reason, dict(refusal.metadata)) == ("ATTACHMENT_TOO_LARGE", {"limit_bytes": str(LIMIT)})
    assert traces.nothing_of(physician.tenant_id)


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
    assert traces.nothing_of(physician.tenant_id)


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
    assert traces.nothing_of(physician.tenant_id)


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
            pb.UploadAttachmentRequest(chunk=bytes(4 * CHUNK + 1)),
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
    assert traces.nothing_of(physician.tenant_id)


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
        for index, part in enumerate(parts(sent, content)):
            yield part
            if index == 120:
                await asyncio.Event().wait()

    call = house.stub.UploadAttachment(half(), metadata=house.metadata(physician))
    await until(lambda: len(_parts_of(traces, physician)) > 0)
    call.cancel()
    await until(lambda: traces.nothing_of(physician.tenant_id))
    assert _parts_of(traces, physician) == []
    uploaded = await house.upload(physician, content, sent)
    assert uploaded.sha256 == sha256(content)


def _parts_of(traces: Traces, caller: Caller) -> list[str]:
    return [key for key in traces.incomplete() if key.startswith(str(caller.tenant_id))]


async def test_an_upload_that_is_given_up_meanwhile_ends_and_leaves_nothing(
    stores: Stores, traces: Traces
) -> None:
    physician, sent, hours = staff(), header(uuid4()), count(1)

    async def going_on() -> AsyncIterator[pb.UploadAttachmentRequest]:
        for part in parts(sent, bytes(3 * CHUNK)):
            yield part
        await until(lambda: bool(traces.rows(practice_id=physician.tenant_id, state="uploading")))
        # In a thread: the server, whose transaction may have the row, is in this one.
        given_up = traces.rows(practice_id=physician.tenant_id)[0]["id"]
        await asyncio.to_thread(traces.set_state, given_up, "deleting")
        yield pb.UploadAttachmentRequest(chunk=bytes(CHUNK))

    async with open_house(stores, clock=lambda: datetime.now(UTC) + timedelta(hours=next(hours))) as house:
        with pytest.raises(Refusal) as refused:
            await house.send(physician, going_on())
    assert (refused.value.status.name, refused.value.reason) == ("ABORTED", "UPLOAD_IN_PROGRESS")
    assert traces.nothing_of(physician.tenant_id)


async def test_an_upload_is_kept_alive_while_it_goes_on(stores: Stores, traces: Traces) -> None:
    physician, hours = staff(), count(1)
    async with open_house(stores, clock=lambda: datetime.now(UTC) + timedelta(hours=next(hours))) as house:
        uploaded = await house.upload(physician, bytes(3 * CHUNK), header(uuid4()))
    assert uploaded.size == 3 * CHUNK
    row = traces.rows(practice_id=physician.tenant_id)[0]
    assert (row["state"], row["state_at"]) == ("ready", row["created_at"])


async def test_a_caller_who_falls_silent_is_refused_in_time(stores: Stores, traces: Traces) -> None:
    physician = staff()
    stop = asyncio.Event()

    async def silent() -> AsyncIterator[pb.UploadAttachmentRequest]:
        yield pb.UploadAttachmentRequest(header=header(uuid4()))
        await stop.wait()

    async with open_house(stores, caller_patience=0.2) as house:
        with pytest.raises(Refusal) as refused:
            await house.send(physician, silent())
    assert (refused.value.status.name, refused.value.reason) == ("DEADLINE_EXCEEDED", "DEADLINE_PASSED")
    assert traces.nothing_of(physician.tenant_id)
