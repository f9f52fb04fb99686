"""The processes as they are deployed: bounded memory, metrics, and the command that collects."""

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.caller import Caller
from chassis.refusal import Refusal
from chassis.signing import SigningKey
from deploy.local.data_folder import DataFolder
from deploy.local.processes import Process
from deploy.local.rabbitmq import RabbitMq
from praxispost.attachments.v1 import attachments_pb2 as pb
from tests.integration.attachments.house import CHUNK, LIMIT, Client, House, Stores, header, staff
from tests.integration.attachments.processes import AttachmentsProcesses, publishing
from tests.integration.attachments.scanners import Way, stand_in
from tests.integration.attachments.traces import Traces
from tests.integration.chassis.waiting import eventually

_MIB = 1024 * 1024
_MOST_GROWTH = 64 * _MIB


@pytest.fixture
def key() -> SigningKey:
    return SigningKey("test", Ed25519PrivateKey.generate(), datetime.now(UTC))


@pytest.fixture
async def processes(
    stores: Stores, stores_folder: DataFolder, rabbitmq: RabbitMq, key: SigningKey
) -> AsyncIterator[AttachmentsProcesses]:
    async with publishing(key) as others:
        processes = AttachmentsProcesses(stores, stores_folder, others, rabbitmq.url)
        yield processes
        await asyncio.to_thread(processes.end)


@pytest.fixture
async def api(processes: AttachmentsProcesses) -> Process:
    process = processes.make("api")
    process.start()
    await asyncio.to_thread(process.wait_ready, processes.api_answers, 30)
    return process


@pytest.fixture
async def client(api: Process, processes: AttachmentsProcesses, key: SigningKey) -> AsyncIterator[Client]:
    client = Client(f"127.0.0.1:{processes.grpc_port}", key)
    yield client
    await client.close()


async def _upload_zeros(client: Client, caller: Caller, size: int) -> bytes:
    """Upload without ever holding the document on this side either."""

    async def zeros() -> AsyncIterator[pb.UploadAttachmentRequest]:
        yield pb.UploadAttachmentRequest(header=header(uuid4()))
        for _ in range(size // CHUNK):
            yield pb.UploadAttachmentRequest(chunk=bytes(CHUNK))

    return (await client.send(caller, zeros())).sha256


async def test_memory_stays_bounded_while_large_documents_come(
    api: Process, client: Client, processes: AttachmentsProcesses
) -> None:
    physician = staff()
    await _upload_zeros(client, physician, CHUNK)
    idle = _memory(api.pid, "VmRSS")
    hashes = await asyncio.gather(*(_upload_zeros(client, physician, LIMIT) for _ in range(2)))
    growth = _memory(api.pid, "VmHWM") - idle
    assert set(hashes) == {hashlib.sha256(bytes(LIMIT)).digest()}
    print(f"idle {idle / _MIB:.0f} MiB, growth {growth / _MIB:.1f} MiB with two uploads of 50 MiB")
    assert growth <= _MOST_GROWTH
    metrics = (await _get(processes, "/metrics")).text
    counted = re.search(r'^praxispost_attachments_bytes_total{direction="up"} (\S+)$', metrics, re.MULTILINE)
    assert counted is not None
    assert float(counted[1]) == 2 * LIMIT + CHUNK


async def test_the_api_tells_whether_its_decoder_is_confined(
    api: Process, processes: AttachmentsProcesses
) -> None:
    def told(metrics: str) -> bool:
        return "\npraxispost_attachments_decoder_confined 1.0\n" in metrics

    await eventually(lambda: _shows(processes, told))


async def test_the_api_scans_where_a_scanner_is_set_and_counts(
    processes: AttachmentsProcesses, key: SigningKey
) -> None:
    async with stand_in() as scanner:
        process = processes.make("api", PRAXISPOST_SCANNER=scanner.address)
        process.start()
        await asyncio.to_thread(process.wait_ready, processes.api_answers, 30)
        client = Client(f"127.0.0.1:{processes.grpc_port}", key)
        for way in (Way.CLEAN, Way.FOUND, Way.ENDS):
            scanner.way = way
            with contextlib.nullcontext() if way is Way.CLEAN else pytest.raises(Refusal):
                await client.upload(staff(), b"text", header(uuid4()))
        await client.close()
    metrics = (await _get(processes, "/metrics")).text
    for result in ("clean", "found", "failed"):
        assert f'praxispost_attachment_scan_seconds_count{{result="{result}"}} 1.0\n' in metrics
    assert "malware found" in process.tail()


async def test_the_api_is_ready_without_the_store(processes: AttachmentsProcesses) -> None:
    process = processes.make("api", PRAXISPOST_S3_ENDPOINT="127.0.0.1:1")
    process.start()
    await asyncio.to_thread(process.wait_ready, processes.api_answers, 30)
    assert (await _get(processes, "/readyz")).status_code == httpx.codes.OK


async def test_the_api_is_not_ready_without_its_database(processes: AttachmentsProcesses) -> None:
    process = processes.make("api", PRAXISPOST_DATABASE_URL="postgresql://nobody:none@127.0.0.1:1/none")
    process.start()
    await asyncio.to_thread(process.wait_ready, processes.api_answers, 30)

    async def not_ready() -> bool:
        return (await _get(processes, "/readyz")).status_code == httpx.codes.SERVICE_UNAVAILABLE

    await eventually(not_ready)


async def test_the_command_collects_what_is_due_and_ends(
    processes: AttachmentsProcesses, house: House, traces: Traces
) -> None:
    physician, patient_id = staff(), uuid4()
    unclaimed = (await house.upload(physician, b"unclaimed", header(patient_id))).attachment_id
    claimed = (await house.upload(physician, b"claimed", header(patient_id))).attachment_id
    await house.claim(physician, patient_id, claimed, message_id=uuid4())
    for attachment_id in (unclaimed, claimed):
        traces.set_age(attachment_id, hours=25)
    process = processes.make("collect")
    process.start()
    assert await asyncio.to_thread(process.wait, 60) == 0, process.tail()
    assert [str(row["id"]) for row in traces.rows(practice_id=physician.tenant_id)] == [claimed]


async def test_the_worker_gets_ready_and_ends_in_order(processes: AttachmentsProcesses) -> None:
    process = processes.make("worker")
    process.start()
    await eventually(lambda: _is_ready(processes))
    await asyncio.to_thread(process.stop)
    assert "uncaught" not in process.tail()


async def _is_ready(processes: AttachmentsProcesses) -> bool:
    try:
        return (await _get(processes, "/readyz")).status_code == httpx.codes.OK
    except httpx.ConnectError:
        return False


async def _shows(processes: AttachmentsProcesses, told: Callable[[str], bool]) -> bool:
    return told((await _get(processes, "/metrics")).text)


async def _get(processes: AttachmentsProcesses, path: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(f"http://127.0.0.1:{processes.metrics_port}{path}")


def _memory(pid: int, kind: str) -> int:
    """VmRSS is what a process holds now, VmHWM the most it ever held; in bytes."""
    found = re.search(rf"^{kind}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024
