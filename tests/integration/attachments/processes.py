"""Attachments' real processes, started as a deployment starts them."""

import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from google.protobuf.timestamp_pb2 import Timestamp
from grpc import aio

from chassis.signing import SigningKey
from deploy.local import ports
from deploy.local.data_folder import DataFolder
from deploy.local.processes import Command, Process
from praxispost.chassis.v1 import public_keys_pb2 as keys_pb
from praxispost.chassis.v1 import public_keys_pb2_grpc
from tests.integration.attachments.house import Stores


class _PublishedKey(public_keys_pb2_grpc.PublicKeysServiceServicer):
    def __init__(self, key: SigningKey) -> None:
        self._key = key.public

    async def ListPublicKeys(
        self,
        request: keys_pb.ListPublicKeysRequest,
        context: aio.ServicerContext[keys_pb.ListPublicKeysRequest, keys_pb.ListPublicKeysResponse],
    ) -> keys_pb.ListPublicKeysResponse:
        key = keys_pb.PublicKey(id=self._key.id, ed25519=self._key.ed25519, created_at=Timestamp())
        return keys_pb.ListPublicKeysResponse(keys=[key])


@asynccontextmanager
async def publishing(key: SigningKey) -> AsyncIterator[str]:
    """A stand-in for identity and messaging, which publishes the key that signs for both."""
    server = aio.server()
    public_keys_pb2_grpc.add_PublicKeysServiceServicer_to_server(_PublishedKey(key), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    yield f"127.0.0.1:{port}"
    await server.stop(None)


class AttachmentsProcesses:
    """Starts processes on the tests' stores."""

    def __init__(self, stores: Stores, data: DataFolder, others: str, amqp_url: str) -> None:
        self._data = data
        self._made: list[Process] = []
        self.grpc_port = data.port("attachments-test-grpc")
        self.metrics_port = data.port("attachments-test-metrics")
        self._environment: Mapping[str, str] = {
            "PRAXISPOST_GRPC_PORT": str(self.grpc_port),
            "PRAXISPOST_METRICS_PORT": str(self.metrics_port),
            "PRAXISPOST_DATABASE_URL": stores.database_url,
            "PRAXISPOST_AMQP_URL": amqp_url,
            "PRAXISPOST_KEYS_DATABASE_URL": stores.keys_database_url,
            "PRAXISPOST_WRAPPING_KEYS": str(stores.wrapping_keys),
            "PRAXISPOST_IDENTITY_TARGET": others,
            "PRAXISPOST_MESSAGING_TARGET": others,
            "PRAXISPOST_SERVICE_ACCOUNT_ID": "00000000-0000-4000-8000-000000000001",
            "PRAXISPOST_SERVICE_ACCOUNT_SECRET": "secret",
            "PRAXISPOST_S3_ENDPOINT": stores.s3.endpoint,
            "PRAXISPOST_S3_ACCESS_KEY": stores.s3.access_key,
            "PRAXISPOST_S3_SECRET_KEY": stores.s3.secret_key,
            "PRAXISPOST_S3_BUCKET": stores.s3.bucket,
            "PRAXISPOST_S3_SECURE": "false",
        }

    def make(self, kind: str, **environment: str) -> Process:
        """A process of that kind, not started yet."""
        arguments = [sys.executable, "-m", "services.attachments", kind]
        root = Path(__file__).parents[3]
        command = Command(f"attachments-{kind}", arguments, {**self._environment, **environment}, folder=root)
        process = Process(command, self._data)
        self._made.append(process)
        return process

    def end(self) -> None:
        """Stop what runs still."""
        for process in self._made:
            process.stop()

    def api_answers(self) -> bool:
        """Whether the api takes connections."""
        return ports.accepts_connections(self.grpc_port)
