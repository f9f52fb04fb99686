"""Copies the bucket's objects: sealed documents, each written once under its own name, never changed."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import certifi
import urllib3
from minio import Minio
from minio.error import S3Error

from deploy.backup.databases import BackupFailed
from deploy.backup.settings import Bucket


class Objects:
    """The bucket on one side, a folder on the other; nothing is held in memory whole."""

    def __init__(self, bucket: Bucket, folder: Path) -> None:
        self._bucket = bucket.bucket
        self._folder = folder.resolve()
        self._client = Minio(
            endpoint=bucket.endpoint,
            access_key=bucket.access_key,
            secret_key=bucket.secret_key,
            secure=bucket.secure,
            region=bucket.region,
            http_client=urllib3.PoolManager(timeout=urllib3.Timeout(30), ca_certs=certifi.where()),
        )

    def fetch(self) -> Mapping[str, int]:
        """Copy what the folder has not yet; returns the sizes of all objects that the bucket has now."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        there = {}
        for key, size in self._listed():
            file = self._file(key)
            if not (file.is_file() and file.stat().st_size == size) and not self._fetch(key, file):
                continue  # removed while we were on our way to it: nothing needs it any more
            there[key] = size
        return there

    def put(self, wanted: Mapping[str, int]) -> None:
        """Bring these back, where the bucket lacks them; refuses with BackupFailed where one is lost."""
        there = dict(self._listed())
        for key, size in wanted.items():
            file = self._file(key)
            if there.get(key) == size:
                continue
            if not file.is_file() or file.stat().st_size != size:
                raise BackupFailed(f"the object {key} is missing or damaged in {self._folder}")
            with file.open("rb") as source:
                self._client.put_object(
                    bucket_name=self._bucket,
                    object_name=key,
                    data=source,
                    length=size,
                    num_parallel_uploads=1,
                )

    def keep_only(self, wanted: set[str]) -> int:
        """Remove what no backup needs any more from the folder; returns how many files that were."""
        kept = {self._file(key) for key in wanted}
        gone = [each for each in self._folder.rglob("*") if each.is_file() and each not in kept]
        for each in gone:
            each.unlink()
        return len(gone)

    def _listed(self) -> Iterator[tuple[str, int]]:
        for each in self._client.list_objects(bucket_name=self._bucket, recursive=True):
            if each.object_name is not None and each.size is not None and not each.is_dir:
                yield each.object_name, each.size

    def _fetch(self, key: str, file: Path) -> bool:
        try:
            response = self._client.get_object(bucket_name=self._bucket, object_name=key)
        except S3Error as error:
            if error.code == "NoSuchKey":
                return False
            raise
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = file.with_name(file.name + ".part")
        try:
            with part.open("wb") as target:
                shutil.copyfileobj(response, target, 1 << 20)
                os.fsync(target.fileno())
        finally:
            response.close()
            response.release_conn()
        part.rename(file)
        return True

    def _file(self, key: str) -> Path:
        file = (self._folder / key).resolve()
        if not file.is_relative_to(self._folder):
            raise BackupFailed(f"the object {key} has a name that leads out of the folder")
        return file
