"""The stores alone, without any service: what integration tests want."""

from deploy.local.catcher.starting import Catcher
from deploy.local.data_folder import DataFolder
from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import rabbitmq
from deploy.local.s3 import S3
from deploy.local.waiting import together


class Stores:
    """PostgreSQL, RabbitMQ, S3, and the catcher of mail and SMS, on one data folder."""

    def __init__(self, data: DataFolder) -> None:
        self.postgres = Postgres(data)
        self.rabbitmq = rabbitmq(data)
        self.s3 = S3(data)
        self.catcher = Catcher(data)
        self._all = (self.postgres, self.rabbitmq, self.s3, self.catcher)

    def start(self) -> None:
        """Start all of them at the same time; refuses with ProcessFailed."""
        together(*(store.start for store in self._all))

    def stop(self) -> None:
        """Stop all of them at the same time; each keeps its data, but the catcher."""
        together(*(store.stop for store in self._all))
