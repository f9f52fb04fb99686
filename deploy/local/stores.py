"""The stores alone: what integration tests want."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from types import TracebackType

from deploy.local.catcher.starting import Catcher
from deploy.local.data_folder import DataFolder
from deploy.local.postgres import Postgres
from deploy.local.processes import ROOT
from deploy.local.rabbitmq import GivenRabbitMq, RabbitMq, rabbitmq
from deploy.local.s3 import S3

TEMPORARY = ROOT / "build" / "instances"


class Stores:
    """PostgreSQL, RabbitMQ, S3 and the catcher of mail and SMS on one data folder; each starts by itself."""

    def __init__(self, data: DataFolder) -> None:
        self.data = data
        self._started: list[Callable[[], None]] = []

    @classmethod
    def temporary(cls, parent: Path = TEMPORARY) -> "TemporaryStores":
        """Stores in a new folder that vanishes with them: `with Stores.temporary() as stores`."""
        return TemporaryStores(DataFolder.temporary(parent))

    @cached_property
    def postgres(self) -> Postgres:
        return Postgres(self.data)

    @cached_property
    def rabbitmq(self) -> RabbitMq | GivenRabbitMq:
        return rabbitmq(self.data)

    @cached_property
    def s3(self) -> S3:
        return S3(self.data)

    @cached_property
    def catcher(self) -> Catcher:
        return Catcher(self.data)

    def start(self) -> None:
        """Start all of them at the same time."""
        all_of_them = (self.postgres, self.rabbitmq, self.s3, self.catcher)
        with ThreadPoolExecutor() as pool:
            for started in [pool.submit(store.start) for store in all_of_them]:
                started.result()

    def stop(self) -> None:
        """Stop those that run."""
        ...
