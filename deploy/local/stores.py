"""The stores alone, without any service: what integration tests want."""

from concurrent.futures import ThreadPoolExecutor

from deploy.local.catcher.starting import Catcher
from deploy.local.data_folder import DataFolder
from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import rabbitmq
from deploy.local.s3 import S3


class Stores:
    """PostgreSQL, RabbitMQ, S3, and the catcher of mail and SMS, on one data folder."""

    def __init__(self, data: DataFolder) -> None:
        self.postgres = Postgres(data)
        self.rabbitmq = rabbitmq(data)
        self.s3 = S3(data)
        self.catcher = Catcher(data)

    def start(self) -> None:
        """Start all of them at the same time; refuses with ProcessFailed."""
        stores = (self.postgres, self.rabbitmq, self.s3, self.catcher)
        with ThreadPoolExecutor() as pool:
            for starting in [pool.submit(store.start) for store in stores]:
                starting.result()

    def stop(self) -> None:
        """Stop all of them at the same time; each keeps its data, but the catcher."""
        stores = (self.postgres, self.rabbitmq, self.s3, self.catcher)
        with ThreadPoolExecutor() as pool:
            for stopping in [pool.submit(store.stop) for store in stores]:
                stopping.result()
