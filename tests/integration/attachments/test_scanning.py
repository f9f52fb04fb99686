"""What the scanner has not found clean nobody gets, whatever keeps it from saying so."""

import asyncio
import io
import os
import zipfile
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from chassis.caller import Caller
from chassis.refusal import Refusal
from deploy.local.data_folder import DataFolder
from praxispost.attachments.v1 import attachments_pb2 as pb
from services.attachments.scanning import Patience
from tests.integration.attachments.house import House, Stores, header, open_house, sha256, staff
from tests.integration.attachments.pictures import photo
from tests.integration.attachments.scanners import EICAR, StandIn, Way, real_scanner, stand_in
from tests.integration.attachments.traces import Traces, until

_MIB = 1024 * 1024
_IMPATIENT = Patience(connection=2.0, room=1.0, answer=1.0)


@pytest.fixture(scope="module")
def clamd(stores_folder: DataFolder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with real_scanner(
        stores_folder, tmp_path_factory.mktemp("clamd"), StreamMaxLength=f"{2 * _MIB}"
    ) as address:
        yield address


@pytest.fixture
async def scanned_house(stores: Stores, clamd: str) -> AsyncIterator[House]:
    async with open_house(stores, scanner=clamd) as house:
        yield house


@pytest.fixture
async def scanner() -> AsyncIterator[StandIn]:
    async with stand_in() as scanner:
        yield scanner


@pytest.fixture
async def house(stores: Stores, scanner: StandIn) -> AsyncIterator[House]:
    async with open_house(stores, scanner=scanner.address, scanner_patience=_IMPATIENT) as house:
        yield house


def _zipped(content: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("Befunde/Arztbrief.txt", content)
    return archive.getvalue()


async def _refusal(house: House, caller: Caller, content: bytes, sent: pb.UploadHeader) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await house.upload(caller, content, sent)
    return refused.value


@pytest.mark.parametrize(
    "content",
    [EICAR, _zipped(EICAR), _zipped(_zipped(EICAR)), _zipped(bytes(200_000) + EICAR)],
    ids=["plain", "in an archive", "in an archive in an archive", "behind other bytes"],
)
async def test_malware_is_refused_and_leaves_nothing(
    scanned_house: House, traces: Traces, content: bytes
) -> None:
    physician = staff()
    refusal = await _refusal(scanned_house, physician, content, header(uuid4()))
    assert (refusal.status.name, refusal.reason) == ("INVALID_ARGUMENT", "MALWARE_FOUND")
    assert traces.nothing_of(physician.tenant_id)


@pytest.mark.parametrize(
    "content", [b"text", _zipped(b"text"), os.urandom(_MIB + 3)], ids=["text", "archive", "bytes"]
)
async def test_what_is_clean_comes_out_as_it_went_in(scanned_house: House, content: bytes) -> None:
    physician, patient_id = staff(), uuid4()
    uploaded = await scanned_house.upload(physician, content, header(patient_id))
    await scanned_house.claim(physician, patient_id, uploaded.attachment_id, message_id=uuid4())
    assert (await scanned_house.download(physician, uploaded.attachment_id)).content == content


async def test_what_is_too_large_for_the_scanner_is_refused(scanned_house: House, traces: Traces) -> None:
    physician = staff()
    refusal = await _refusal(scanned_house, physician, bytes(5 * _MIB), header(uuid4()))
    assert (refusal.status.name, refusal.reason) == ("UNAVAILABLE", "SCANNER_UNAVAILABLE")
    assert traces.nothing_of(physician.tenant_id)


@pytest.mark.parametrize("way", [way for way in Way if way not in {Way.CLEAN, Way.FOUND}])
@pytest.mark.parametrize("size", [4, 8 * _MIB], ids=["small", "large"])
async def test_without_the_scanners_word_nothing_is_taken_and_with_it_all_works_again(
    house: House, scanner: StandIn, traces: Traces, way: Way, size: int
) -> None:
    physician, sent, content = staff(), header(uuid4()), os.urandom(size)
    scanner.way = way
    async with asyncio.timeout(20):
        refusal = await _refusal(house, physician, content, sent)
    assert (refusal.status.name, refusal.reason) == ("UNAVAILABLE", "SCANNER_UNAVAILABLE")
    assert traces.nothing_of(physician.tenant_id)
    scanner.way = Way.CLEAN
    assert (await house.upload(physician, content, sent)).sha256 == sha256(content)


async def test_without_a_scanner_nothing_is_taken_and_with_it_all_works_again(
    house: House, scanner: StandIn, traces: Traces
) -> None:
    physician, sent = staff(), header(uuid4())
    await scanner.end()
    refusal = await _refusal(house, physician, b"text", sent)
    assert (refusal.status.name, refusal.reason) == ("UNAVAILABLE", "SCANNER_UNAVAILABLE")
    assert traces.nothing_of(physician.tenant_id)
    await scanner.begin()
    assert (await house.upload(physician, b"text", sent)).size == 4


async def test_a_document_waits_for_a_slow_scanner(stores: Stores, scanner: StandIn, traces: Traces) -> None:
    physician, content = staff(), os.urandom(_MIB)
    scanner.answer.clear()
    async with open_house(stores, scanner=scanner.address) as house:
        uploading = asyncio.create_task(house.upload(physician, content, header(uuid4())))
        await until(lambda: scanner.documents == [content])
        assert [row["state"] for row in traces.rows(practice_id=physician.tenant_id)] == ["uploading"]
        scanner.answer.set()
        await uploading
    assert [row["state"] for row in traces.rows(practice_id=physician.tenant_id)] == ["ready"]


async def test_a_photo_is_scanned_as_it_came(house: House, scanner: StandIn, traces: Traces) -> None:
    physician, taken = staff(), photo("JPEG")
    await house.upload(physician, taken, header(uuid4(), media_type="image/jpeg"))
    assert scanner.documents == [taken]
    scanner.way, patient = Way.FOUND, staff()
    refusal = await _refusal(house, patient, taken, header(uuid4(), media_type="image/jpeg"))
    assert refusal.reason == "MALWARE_FOUND"
    assert traces.nothing_of(patient.tenant_id)


async def test_a_document_that_is_refused_for_another_reason_is_not_scanned_to_its_end(
    house: House, scanner: StandIn
) -> None:
    refusal = await _refusal(house, staff(), b"12345", header(uuid4(), size=6))
    assert refusal.reason == "SIZE_MISMATCH"
    assert scanner.documents == []
