"""The object store: writes, reads and removes sealed documents in one bucket of any S3."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import BinaryIO, TypeVar

import certifi
import urllib3
from minio import Minio
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

from chassis import logs
from services.attachments.settings import StoreSettings

_LOG = logs.get(__name__)

T = TypeVar("T")

_PART_SIZE = 5 * 1024 * 1024
_UPLOADS = 16
_CALLS = 16
_CONNECT_SECONDS = 2.0
_PATIENCE = 8.0
_ABSENT = frozenset({"NoSuchKey", "InvalidRange"})


class StoreUnavailable(Exception):
    """The object store cannot be reached, or does not do what it is asked."""


class ObjectMissing(Exception):
    """There is no such object."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as the bucket lists it."""

    key: str
    modified_at: datetime


class ObjectStore:
    """Every call runs in a thread; at most 16 documents are written at a time, further ones wait.

    All calls raise StoreUnavailable when the store is silent for longer than the patience (seconds), and work
    again as soon as it does.
    """

    def __init__(self, settings: StoreSettings, *, patience: float = _PATIENCE) -> None:
        self._bucket = settings.bucket
        self._client = _Client(
            settings.endpoint,
            settings.access_key,
            settings.secret_key,
            secure=settings.secure,
            region=settings.region,
            http_client=urllib3.PoolManager(
                maxsize=_UPLOADS + _CALLS,
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=patience),
                retries=_RetryOnce(total=1, redirect=0, backoff_factor=0.1),
                ca_certs=certifi.where(),
            ),
        )
        self._uploads = ThreadPoolExecutor(_UPLOADS, "store-upload")
        self._calls = ThreadPoolExecutor(_CALLS, "store-call")

    async def write(self, key: str, source: BinaryIO, length: int | None) -> None:
        """Write an object from a stream, of that length where known; nothing of it stays if that fails."""

        def put() -> None:
            with _refusing():
                self._client.put_object(
                    self._bucket,
                    key,
                    source,
                    -1 if length is None else length,
                    part_size=_PART_SIZE,
                    num_parallel_uploads=1,
                )

        await asyncio.get_running_loop().run_in_executor(self._uploads, put)

    async def open(self, key: str, start: int, length: int) -> "ObjectReader":
        """Read that range of an object; raises ObjectMissing. The reader must be closed."""

        def get() -> urllib3.BaseHTTPResponse:
            with _refusing():
                return self._client.get_object(self._bucket, key, start, length)

        return ObjectReader(await self._call(get), self._calls)

    async def remove(self, key: str) -> None:
        """Remove an object; one that is not there is removed already."""

        def remove() -> None:
            with _refusing(), contextlib.suppress(ObjectMissing):
                self._client.remove_object(self._bucket, key)

        await self._call(remove)

    async def list_after(self, key: str, at_most: int) -> tuple[Listed, ...]:
        """The objects that come after that key in the order of keys; an empty key is before all."""

        def list_some() -> tuple[Listed, ...]:
            with _refusing():
                found = self._client.list_objects(self._bucket, start_after=key or None, recursive=True)
                return tuple(
                    Listed(each.object_name, each.last_modified)
                    for each in islice(found, at_most)
                    if each.object_name is not None and each.last_modified is not None
                )

        return await self._call(list_some)

    async def abort_uploads(self, before: datetime) -> None:
        """End the uploads that were begun before that time and never completed."""

        def abort() -> None:
            with _refusing():
                self._client.abort_uploads(self._bucket, before)

        await self._call(abort)

    def close(self) -> None:
        """End the threads; what is in hand ends first."""
        self._uploads.shutdown()
        self._calls.shutdown()

    async def _call(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._calls, call)


class _RetryOnce(urllib3.Retry):
    """Tries again where a kept connection turned out to be closed, not where the store is silent."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: urllib3.BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: urllib3.connectionpool.ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> "_RetryOnce":
        if isinstance(error, TimeoutError | urllib3.exceptions.TimeoutError):
            raise error
        return super().increment(method, url, response, error, _pool, _stacktrace)


class _Client(Minio):
    """The minio client, with what it can do and does not offer."""

    def abort_uploads(self, bucket: str, before: datetime) -> None:
        """Abort the multipart uploads that were begun before that time; a thousand at most at once."""
        for upload in self._list_multipart_uploads(bucket).uploads:
            begun_at, upload_id = upload.initiated_time, upload.upload_id
            if begun_at is not None and begun_at < before and upload_id is not None:
                self._abort_multipart_upload(bucket, upload.object_name, upload_id)


class ObjectReader:
    """A range of an object, read block by block, one after the other."""

    def __init__(self, response: urllib3.BaseHTTPResponse, threads: ThreadPoolExecutor) -> None:
        self._response = response
        self._threads = threads

    async def read(self, size: int, use: Callable[[bytes], T]) -> T:
        """What `use` makes, in the thread that read them, of the next bytes: as many as asked for, and fewer
        only where the object ends."""

        def read() -> T:
            with _refusing():
                block = self._response.read(size, decode_content=False)
            return use(block)

        return await asyncio.get_running_loop().run_in_executor(self._threads, read)

    def close(self) -> None:
        """Give the connection back if all was read, else end it; in a thread, as one may still be reading."""

        def close() -> None:
            self._response.close()
            self._response.release_conn()

        self._threads.submit(close)


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """Around a call: whatever the network or the store says becomes one of the two errors."""
    try:
        yield
    except S3Error as error:
        if error.code in _ABSENT:
            raise ObjectMissing from error
        _LOG.warning("store refuses", error=error, dependency="store", reason=error.code)
        raise StoreUnavailable from error
    except (MinioException, HTTPError, OSError) as error:
        _LOG.warning("store cannot be reached", error=error, dependency="store")
        raise StoreUnavailable from error
