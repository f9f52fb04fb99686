"""Documents come out by grant only, from any offset, and only as they went in."""

import os
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import grpc
import pytest

from chassis.caller import Caller
from chassis.refusal import Refusal
from chassis.statements import SKEW
from tests.integration.attachments.house import CHUNK, House, account, header, staff
from tests.integration.attachments.traces import Traces

_SIZE = 20 * CHUNK + 321


async def _stored(house: House, caller: Caller, content: bytes) -> str:
    """A document that a message of the caller's has claimed."""
    patient_id = uuid4()
    uploaded = await house.upload(caller, content, header(patient_id))
    await house.claim(caller, patient_id, uploaded.attachment_id, message_id=uuid4())
    return uploaded.attachment_id


async def _refusal(house: House, caller: Caller, attachment_id: str, **changed: object) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await house.download(caller, attachment_id, **changed)
    return refused.value


@pytest.mark.parametrize(
    "offset", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 16 * CHUNK, 16 * CHUNK + 5, 20 * CHUNK, _SIZE - 1, _SIZE]
)
async def test_a_broken_download_goes_on_from_where_it_was(house: House, offset: int) -> None:
    physician, content = staff(), os.urandom(_SIZE)
    attachment_id = await _stored(house, physician, content)
    downloaded = await house.download(physician, attachment_id, offset=offset)
    assert downloaded.header.size == _SIZE
    assert downloaded.content == content[offset:]
    assert all(1 <= size <= CHUNK for size in downloaded.chunk_sizes)


@pytest.mark.parametrize("wished", [CHUNK, 100_000, 3 * CHUNK, 8 * CHUNK])
@pytest.mark.parametrize("offset", [0, 70_000, 17 * CHUNK])
async def test_chunks_are_as_large_as_wished(house: House, wished: int, offset: int) -> None:
    physician, content = staff(), os.urandom(_SIZE)
    attachment_id = await _stored(house, physician, content)
    downloaded = await house.download(physician, attachment_id, offset=offset, max_chunk_bytes=wished)
    assert downloaded.content == content[offset:]
    assert all(1 <= size <= wished for size in downloaded.chunk_sizes)
    if offset == 0:
        assert downloaded.chunk_sizes[0] == wished // CHUNK * CHUNK


@pytest.mark.parametrize("wished", [-1, 1, CHUNK - 1, 8 * CHUNK + 1])
async def test_chunks_of_any_other_size_are_refused(house: House, wished: int) -> None:
    refusal = await _refusal(house, staff(), str(uuid4()), max_chunk_bytes=wished)
    assert (refusal.reason, refusal.fields[0].field) == ("INVALID_FIELD", "max_chunk_bytes")


async def test_the_end_of_a_document_of_whole_segments_has_no_chunk(house: House) -> None:
    physician = staff()
    attachment_id = await _stored(house, physician, bytes(2 * CHUNK))
    assert (await house.download(physician, attachment_id, offset=2 * CHUNK)).chunk_sizes == []


async def test_an_offset_behind_the_end_is_refused(house: House) -> None:
    physician = staff()
    attachment_id = await _stored(house, physician, b"12345")
    refusal = await _refusal(house, physician, attachment_id, offset=6)
    assert (refusal.status.name, refusal.reason) == ("OUT_OF_RANGE", "OFFSET_OUT_OF_RANGE")
    refusal = await _refusal(house, physician, attachment_id, offset=-1)
    assert refusal.fields[0].field == "offset"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda house, caller, document: "",
        lambda house, caller, document: "no.grant.atall",
        lambda house, caller, document: house.grant(caller, document)[:-3] + "AAA",
        lambda house, caller, document: house.grant(caller, document, age=timedelta(seconds=61) + SKEW),
        lambda house, caller, document: house.grant(staff(caller.tenant_id), document),
        lambda house, caller, document: house.grant(caller, str(uuid4())),
        lambda house, caller, document: house.grant(caller, document, ten=str(uuid4())),
        lambda house, caller, document: house.token(caller),
    ],
    ids=[
        "none",
        "no statement",
        "another signature",
        "expired",
        "somebody else's",
        "another document's",
        "another practice's",
        "a token",
    ],
)
async def test_without_a_good_grant_nothing_comes_out(
    house: House, traces: Traces, spoil: Callable[[House, Caller, str], str]
) -> None:
    physician = staff()
    attachment_id = await _stored(house, physician, b"secret")
    refusal = await _refusal(house, physician, attachment_id, grant=spoil(house, physician, attachment_id))
    assert (refusal.status.name, refusal.reason) == ("PERMISSION_DENIED", "GRANT_REFUSED")
    assert not traces.audit(object_id=UUID(attachment_id), action="download_attachment")


async def test_a_practice_that_is_not_the_callers_is_refused_like_a_bad_grant(house: House) -> None:
    physician, stranger = staff(), staff()
    attachment_id = await _stored(house, physician, b"secret")
    grant = house.grant(stranger, attachment_id, ten=str(physician.tenant_id))
    for caller in (stranger, account(uuid4(), uuid4())):
        refusal = await _refusal(
            house, caller, attachment_id, grant=grant, practice_id=str(physician.tenant_id)
        )
        assert refusal.reason == "GRANT_REFUSED"


async def test_a_granted_document_that_is_not_there_is_not_found(house: House) -> None:
    refusal = await _refusal(house, staff(), str(uuid4()))
    assert (refusal.status.name, refusal.reason) == ("NOT_FOUND", "ATTACHMENT_NOT_FOUND")


async def test_a_document_that_no_message_has_is_not_found(house: House) -> None:
    physician = staff()
    uploaded = await house.upload(physician, b"text", header(uuid4()))
    assert (await _refusal(house, physician, uploaded.attachment_id)).reason == "ATTACHMENT_NOT_FOUND"


async def test_every_reading_writes_an_audit_row(house: House, traces: Traces) -> None:
    physician = staff()
    attachment_id = await _stored(house, physician, b"text")
    await house.download(physician, attachment_id)
    await house.download(physician, attachment_id, offset=2)
    rows = traces.audit(object_id=UUID(attachment_id), action="download_attachment")
    assert [row["actor_id"] for row in rows] == [physician.subject_id] * 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda sealed: sealed[:-1],
        lambda sealed: sealed[: len(sealed) // 2],
        lambda sealed: sealed[:4],
        lambda sealed: b"",
        lambda sealed: sealed[:1000] + bytes([sealed[1000] ^ 1]) + sealed[1001:],
        lambda sealed: b"\x02" + sealed[1:],
        lambda sealed: sealed[:8] + sealed[65_560:131_112] + sealed[8:65_560] + sealed[131_112:],
        lambda sealed: bytes(len(sealed)),
    ],
    ids=[
        "cut by one",
        "cut in half",
        "cut in the header",
        "emptied",
        "one bit",
        "version",
        "swapped",
        "zeros",
    ],
)
async def test_an_object_that_was_tampered_with_is_refused(
    house: House, traces: Traces, spoil: Callable[[bytes], bytes]
) -> None:
    physician = staff()
    attachment_id = await _stored(house, physician, os.urandom(3 * CHUNK))
    key = traces.objects(physician.tenant_id)[0]
    traces.replace(key, spoil(traces.read(key)))
    assert await _code(house, physician, attachment_id) is grpc.StatusCode.INTERNAL


async def test_objects_that_were_swapped_are_refused(house: House, traces: Traces) -> None:
    physician = staff()
    documents = [await _stored(house, physician, os.urandom(3 * CHUNK)) for _ in range(2)]
    first, second = traces.objects(physician.tenant_id)
    contents = traces.read(first), traces.read(second)
    traces.replace(first, contents[1])
    traces.replace(second, contents[0])
    for attachment_id in documents:
        assert await _code(house, physician, attachment_id) is grpc.StatusCode.INTERNAL


async def test_an_object_that_was_removed_is_an_error_and_not_an_empty_document(
    house: House, traces: Traces
) -> None:
    physician = staff()
    attachment_id = await _stored(house, physician, b"text")
    traces.remove(traces.objects(physician.tenant_id)[0])
    assert await _code(house, physician, attachment_id) is grpc.StatusCode.INTERNAL


@pytest.mark.parametrize("column", ["key_sealed", "file_name_sealed", "sha256_sealed"])
async def test_a_sealed_value_that_was_moved_to_another_row_is_refused(
    house: House, traces: Traces, column: str
) -> None:
    physician, patient_id = staff(), uuid4()
    ids = [
        (await house.upload(physician, content, header(patient_id))).attachment_id
        for content in (b"one", b"two")
    ]
    await house.claim(physician, patient_id, *ids, message_id=uuid4())
    traces.copy(column, from_id=ids[0], to_id=ids[1])
    assert await _code(house, physician, ids[1]) is grpc.StatusCode.INTERNAL


async def _code(house: House, caller: Caller, attachment_id: str) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await house.download(caller, attachment_id)
    return failed.value.code()
