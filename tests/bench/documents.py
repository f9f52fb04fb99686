"""How fast documents go in and come out, beside the `minio` client with the same bytes and the same store;
and what the api's memory grows by while large ones come."""

import io
import re
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import grpc
from minio import Minio

from chassis.allocator import keep_pieces
from praxispost.attachments.v1 import attachments_pb2
from praxispost.attachments.v1.attachments_pb2_grpc import AttachmentServiceStub
from praxispost.messaging.v1 import messaging_pb2
from tests.bench.bench import Bench
from tests.bench.figures import Figure, at_least, at_most
from tests.story.callers import refused
from tests.story.cast import message_to, new_id, sent

_MIB: Final = 1024 * 1024
# The largest that the contract allows, with frames as the portal's channel takes them.
_CHUNK: Final = 262_144
_LARGEST_CHUNK: Final = 524_288
_OPTIONS: Final = (("grpc.http2.max_frame_size", _MIB),)
_CALL_SECONDS: Final = 300.0
_AT_ONCE: Final = (1, 8)
_WANTED: Final = at_least(0.6)
_MOST_GROWTH: Final = at_most(64.0)
# One uploader has three places.
_UPLOADERS: Final = 3
_MEMORY_UPLOADS: Final = 4
_TRIES: Final = 4
_API: Final = "attachments-api"


@dataclass(frozen=True, slots=True)
class _Way:
    """What is measured, and the same by the client of the store alone; both take which of those at once they
    are. `prepare` comes before each round and is not measured."""

    name: str
    prepare: Callable[[], None]
    ours: Callable[[int], None]
    bare: Callable[[int], None]


def measure(bench: Bench) -> Iterator[Figure]:
    """MiB a second of documents that go in and come out, one and eight at once; the median of the rounds."""
    size, rounds = (2 * _MIB, 1) if bench.short else (25 * _MIB, 5)
    keep_pieces()  # as the portal does, the documents' main client; it helps the store's client, too
    desk = _Desk(bench)
    yield _memory(bench, desk, 2 * _MIB if bench.short else 50 * _MIB)
    content = Random(0).randbytes(size)
    store = _Store(bench, content)
    documents = _Documents(desk, content, max(_AT_ONCE))
    for way in (
        _Way("upload", lambda: None, documents.put, store.put),
        _Way("download", documents.open, documents.get, store.get),
    ):
        for at_once in _AT_ONCE:
            ours, bare = _rates(way, at_once, rounds, size)
            name = f"documents: {way.name} of {size // _MIB} MiB, {at_once} at a time"
            yield Figure(name, ours, "MiB/s", bare, _WANTED)


class _Desk:
    """Staff of one practice, enough to upload eight documents at once, and a patient."""

    def __init__(self, bench: Bench) -> None:
        house = bench.house
        self.practice, admin = house.practice("Praxis am Archiv")
        colleagues = [house.colleague(self.practice) for _ in range(_UPLOADERS - 1)]
        self.staff = [each.caller for each in (admin, *colleagues)]
        self.patient_id = house.patient(self.practice).id
        target = house.stage.targets.attachments
        self._stubs = [
            AttachmentServiceStub(grpc.insecure_channel(target, options=(*_OPTIONS, ("number", number))))
            for number in range(_UPLOADERS)
        ]

    def upload(self, number: int, content: bytes, tries: int = _TRIES) -> str:
        """A document by one of the staff; returns its id. Where the store is too busy, it is tried again, in
        the time that is measured."""
        parts, uploader = _parts(self.patient_id, content), number % _UPLOADERS
        upload = self._stubs[uploader].UploadAttachment
        try:
            return upload(parts, metadata=self._metadata(uploader), timeout=_CALL_SECONDS).attachment_id
        except grpc.RpcError as error:
            if tries == 1 or refused(error).code != "UNAVAILABLE":
                raise
        return self.upload(number, content, tries - 1)

    def download(self, number: int, document: messaging_pb2.MessageAttachment) -> int:
        """A document by one of the staff; returns its size."""
        request = attachments_pb2.DownloadAttachmentRequest(
            attachment_id=document.id, grant=document.grant, max_chunk_bytes=_LARGEST_CHUNK
        )
        reader = number % _UPLOADERS
        download = self._stubs[reader].DownloadAttachment
        parts = download(request, metadata=self._metadata(reader), timeout=_CALL_SECONDS)
        return sum(len(part.chunk) for part in parts)

    def _metadata(self, number: int) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self.staff[number].token('attachments')}"),)


class _Documents:
    """The service: a message has the documents that are downloaded."""

    def __init__(self, desk: _Desk, content: bytes, count: int) -> None:
        self._desk = desk
        self._content = content
        sender = 0
        ids = [desk.upload(sender, content) for _ in range(count)]
        self._message_id = sent(desk.staff[sender], message_to(desk.patient_id, attachment_ids=ids))

    def put(self, number: int) -> None:
        """Upload the document once more."""
        self._desk.upload(number, self._content)

    def open(self) -> None:
        """Let all staff open the message: its grants hold for a minute."""
        request = messaging_pb2.OpenMessageRequest(message_id=self._message_id)
        self._opened = [each.messages.OpenMessage(request).message.attachments for each in self._desk.staff]

    def get(self, number: int) -> None:
        """Download one of the message's documents."""
        document = self._opened[number % _UPLOADERS][number]
        assert self._desk.download(number, document) == len(self._content)


class _Store:
    """The store alone, by the client that attachments uses."""

    def __init__(self, bench: Bench, content: bytes) -> None:
        access = bench.system.stores.s3.access
        self._bucket = access.bucket
        self._content = content
        self._client = Minio(
            access.endpoint, access_key=access.access_key, secret_key=access.secret_key, secure=False
        )

    def put(self, number: int) -> None:
        """Write the object."""
        source = io.BytesIO(self._content)
        self._client.put_object(self._bucket, f"bench/{number}", source, len(self._content))

    def get(self, number: int) -> None:
        """Read the object."""
        response = self._client.get_object(self._bucket, f"bench/{number}")
        assert len(response.read()) == len(self._content)
        response.close()
        response.release_conn()


def _rates(way: _Way, at_once: int, rounds: int, size: int) -> tuple[float, float]:
    """MiB a second of both, taken in turn, so that whatever else the machine does meets both alike."""
    ours, bare = [], []
    with ThreadPoolExecutor(at_once) as pool:
        for each in range(rounds + 1):
            way.prepare()
            seconds = [_seconds(pool, do, at_once) for do in (way.bare, way.ours)]
            if each > 0:  # the first warms
                bare.append(at_once * size / _MIB / seconds[0])
                ours.append(at_once * size / _MIB / seconds[1])
    return statistics.median(ours), statistics.median(bare)


def _seconds(pool: ThreadPoolExecutor, do: Callable[[int], None], at_once: int) -> float:
    begun = time.perf_counter()
    list(pool.map(do, range(at_once)))
    return time.perf_counter() - begun


def _memory(bench: Bench, desk: _Desk, size: int) -> Figure:
    """What a new api process grows by, from its first small document on."""
    bench.system.processes[_API].stop()
    bench.system.restart(_API)
    desk.upload(0, bytes(_CHUNK))
    pid, content = bench.system.processes[_API].pid, bytes(size)
    idle = _held(pid, "VmRSS")
    with ThreadPoolExecutor(_MEMORY_UPLOADS) as pool:
        list(pool.map(lambda number: desk.upload(number, content), range(_MEMORY_UPLOADS)))
    growth = _held(pid, "VmHWM") - idle
    name = f"documents: memory of {_API}, {_MEMORY_UPLOADS} uploads of {size // _MIB} MiB at once"
    return Figure(name, growth / _MIB, "MiB", goal=_MOST_GROWTH)


def _held(pid: int, kind: str) -> int:
    """VmRSS is what a process holds now, VmHWM the most it ever held; in bytes."""
    found = re.search(rf"^{kind}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def _parts(patient_id: str, content: bytes) -> Iterator[attachments_pb2.UploadAttachmentRequest]:
    header = attachments_pb2.UploadHeader(
        request_id=new_id(), patient_id=patient_id, file_name="Befund.pdf", size=len(content)
    )
    yield attachments_pb2.UploadAttachmentRequest(header=header)
    for start in range(0, len(content), _CHUNK):
        yield attachments_pb2.UploadAttachmentRequest(chunk=content[start : start + _CHUNK])
