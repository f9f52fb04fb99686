"""The minio client as the object store uses it: with its errors, its second try, and uploads in parts."""

import contextlib
from collections.abc import Iterator
from datetime import datetime
from types import TracebackType
from typing import cast

import urllib3
from minio import Minio
from minio.datatypes import Part
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

from chassis import logs

_LOG = logs.get(__name__)
_ABSENT = frozenset({"NoSuchKey", "InvalidRange"})


class StoreUnavailable(Exception):
    """The object store cannot be reached, or does not do what it is asked."""


class StoreUnreachable(StoreUnavailable):
    """The network or the store is silent: whoever asks now finds out the same, some seconds later."""


class ObjectMissing(Exception):
    """There is no such object."""


class RetryOnce(urllib3.Retry):
    """Tries again where a kept connection turned out to be closed, not where the store is silent."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: urllib3.BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: urllib3.connectionpool.ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> "RetryOnce":
        if isinstance(error, TimeoutError | urllib3.exceptions.TimeoutError):
            raise error
        return super().increment(method, url, response, error, _pool, _stacktrace)


class StoreClient(Minio):
    """The minio client, with what it can do and does not offer.

    It takes a bytearray where it is typed for bytes: it only hashes the data and hands them to the socket.
    """

    def abort_uploads(self, bucket: str, before: datetime) -> None:
        """Abort the multipart uploads that were begun before that time; a thousand at most at once."""
        for upload in self._list_multipart_uploads(bucket).uploads:
            begun_at, upload_id = upload.initiated_time, upload.upload_id
            if begun_at is not None and begun_at < before and upload_id is not None:
                self._abort_multipart_upload(bucket, upload.object_name, upload_id)

    def put_whole(self, bucket: str, key: str, data: bytearray) -> None:
        """Write an object at once."""
        self._put_object(bucket, key, cast(bytes, data), {})

    def begin_upload(self, bucket: str, key: str) -> str:
        """Begin a multipart upload; returns its id."""
        return self._create_multipart_upload(bucket, key, {})

    def put_part(self, bucket: str, key: str, upload_id: str, number: int, data: bytearray) -> Part:
        """Write one part of a multipart upload, counted from 1."""
        return Part(number, self._upload_part(bucket, key, cast(bytes, data), {}, upload_id, number))

    def complete_upload(self, bucket: str, key: str, upload_id: str, parts: list[Part]) -> None:
        """Make the object of its parts."""
        self._complete_multipart_upload(bucket, key, upload_id, parts)

    def abort_upload(self, bucket: str, key: str, upload_id: str) -> None:
        """End a multipart upload and drop its parts."""
        self._abort_multipart_upload(bucket, key, upload_id)


@contextlib.contextmanager
def refusing() -> Iterator[None]:
    """Around a call: whatever the network or the store says becomes one of the errors above."""
    try:
        yield
    except S3Error as error:
        if error.code in _ABSENT:
            raise ObjectMissing from error
        _LOG.warning("store refuses", error=error, dependency="store", reason=error.code)
        raise StoreUnavailable from error
    except (MinioException, HTTPError, OSError) as error:
        _LOG.warning("store cannot be reached", error=error, dependency="store")
        raise StoreUnreachable from error
