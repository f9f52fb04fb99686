"""A private S3 server (SeaweedFS) that listens on this machine only."""

import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import urllib3
from minio import Minio
from minio.error import S3Error
from urllib3.exceptions import HTTPError

from deploy.local import ports
from deploy.local.data_folder import DataFolder
from deploy.local.processes import Command, Process
from deploy.local.waiting import until

_WEED = Path(sys.prefix) / "bin" / "weed"
_BUCKET = "praxispost-attachments"
_PROBE = "starter-probe"
_PARTS = ("master", "volume", "filer", "s3")


@dataclass(frozen=True, slots=True)
class S3Access:
    """What a service is told about its bucket. `endpoint` is host:port, without TLS."""

    endpoint: str
    access_key: str
    secret_key: str
    bucket: str
    region: str = "us-east-1"


class S3:
    """The server with one bucket, and a key that opens only this bucket."""

    def __init__(self, data: DataFolder) -> None:
        self._data = data
        self._folder = data.part("s3")
        self._ports = {
            f"{part}.port{kind}": data.port(f"s3-{part}{kind}") for part in _PARTS for kind in ("", ".grpc")
        }
        self.process = Process(self._command(), data)

    @property
    def access(self) -> S3Access:
        return self._access("attachments")

    def start(self) -> None:
        """Start it, wait until it takes an object, and make the bucket if there is none."""
        self._write_configuration()
        self.process.start()
        self.process.wait_ready(lambda: ports.accepts_connections(self._ports["s3.port"]), 60)
        until(self._has_bucket, "S3 keeps a bucket", 60)

    def stop(self) -> None:
        """Stop it: its volumes close in order, then its filer would wait for ever for its own S3 gateway."""
        self.process.stop(seconds=2)

    def _access(self, name: str) -> S3Access:
        return S3Access(
            endpoint=f"127.0.0.1:{self._ports['s3.port']}",
            access_key=name,
            secret_key=self._data.secret(f"s3-{name}"),
            bucket=_BUCKET,
        )

    def _write_configuration(self) -> None:
        actions = {
            "starter": ["Admin"],
            "attachments": [f"{action}:{_BUCKET}" for action in ("Read", "Write", "List")],
        }
        identities = [
            {
                "name": name,
                "credentials": [{"accessKey": name, "secretKey": self._access(name).secret_key}],
                "actions": allowed,
            }
            for name, allowed in actions.items()
        ]
        configuration = self._folder / "identities.json"
        configuration.touch(mode=0o600)
        configuration.write_text(json.dumps({"identities": identities}))

    def _has_bucket(self) -> bool:
        """Whether the bucket is there, made and written to if it could be: it starts in parts."""
        access = self._access("starter")
        impatient = urllib3.PoolManager(timeout=urllib3.Timeout(5), retries=False)
        client = Minio(
            endpoint=access.endpoint,
            access_key=access.access_key,
            secret_key=access.secret_key,
            secure=False,
            region=access.region,
            http_client=impatient,
        )
        return _keeps_objects(client)

    def _command(self) -> Command:
        folder = self._folder / "data"
        folder.mkdir(exist_ok=True)
        options = {
            "dir": folder,
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "master.telemetry": "false",
            "master.volumeSizeLimitMB": 256,
            # Nobody else takes part in the election, or wants to be told of the end.
            "master.electionTimeout": "500ms",
            "master.peers": "none",
            "volume.preStopSeconds": 0,
            "volume.max": 64,
            "s3.config": self._folder / "identities.json",
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.iam": "false",
            "filer.localSocket": self._folder / "filer.sock",
            "s3.localSocket": self._folder / "s3.sock",
            **self._ports,
        }
        arguments = [f"-{name}={value}" for name, value in options.items()]
        return Command("s3", [_WEED, "-logtostderr", "server", "-s3", *arguments], folder=self._folder)


def _keeps_objects(client: Minio) -> bool:
    try:
        if not client.bucket_exists(bucket_name=_BUCKET):
            client.make_bucket(bucket_name=_BUCKET)
        client.put_object(bucket_name=_BUCKET, object_name=_PROBE, data=io.BytesIO(b"."), length=1)
        client.remove_object(bucket_name=_BUCKET, object_name=_PROBE)
    except (S3Error, HTTPError):
        return False
    return True
