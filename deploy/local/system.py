"""The whole system: stores, migrations, service accounts, and every process of every service."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import httpx

from deploy.local import address_book
from deploy.local.address_book import AddressBook, Targets
from deploy.local.data_folder import DataFolder
from deploy.local.environments import Environments
from deploy.local.processes import ROOT, Command, Process, run_to_end
from deploy.local.service_accounts import ServiceAccounts
from deploy.local.services import DATA_SERVICES, SERVICES, Service
from deploy.local.stores import Stores
from deploy.local.waiting import together

RUN_FOLDER = ROOT / "build" / "run"
TEMPORARY_FOLDERS = ROOT / "build" / "instances"
_READY_SECONDS = 90.0

Tell = Callable[[str], None]
# How a kind of process of a service is started, with this environment.
Launch: TypeAlias = Callable[[Service, str, Mapping[str, str]], Command]


def from_checkout(service: Service, kind: str, environment: Mapping[str, str]) -> Command:
    """With this checkout's own Python."""
    module = [sys.executable, "-m", f"services.{service.name}", kind]
    return Command(f"{service.name}-{kind}", module, environment)


class System:
    """Everything on one data folder.

    `processes` are the services' by their name, such as `messaging-worker`; `accounts` are the platform's.
    """

    def __init__(self, data: DataFolder, tell: Tell = lambda _: None, launch: Launch = from_checkout) -> None:
        self.data = data
        self._launch = launch
        self.stores = Stores(data)
        self.processes: dict[str, Process] = {}
        self._tell = tell
        self.accounts = ServiceAccounts(data)
        self._environments = Environments(data, self.stores, self.accounts)

    def start(self) -> None:
        """Start everything and wait until it is ready; refuses with ProcessFailed."""
        self._tell("starting PostgreSQL, RabbitMQ, S3 and the catcher; migrating")
        stores = self.stores
        together(self._start_databases, stores.rabbitmq.start, stores.s3.start, stores.catcher.start)
        self._tell("starting the services")
        for service in SERVICES:
            for kind in service.kinds:
                process = self._process(service, kind)
                self.processes[process.name] = process
                process.start()
        for name in self.processes:
            self.wait_ready(name)
        self.address_book.write(self.data.path)

    def stop(self) -> None:
        """Stop everything in order: those that take in first, the stores last."""
        address_book.remove(self.data.path)
        together(*(process.stop for process in self.processes.values()))
        self.stores.stop()

    def restart(self, name: str) -> None:
        """Start a process that was killed or stopped, and wait until it is ready."""
        self.processes[name].start()
        self.wait_ready(name)

    def wait_ready(self, name: str) -> None:
        """Wait until a process says that it is ready; refuses with ProcessFailed."""
        url = f"{self.address_book.metrics[name]}/readyz"
        self.processes[name].wait_ready(lambda: _says_yes(url), _READY_SECONDS)

    def died(self) -> list[Process]:
        """Processes that ended without having been told to."""
        stores = self.stores
        own = [stores.postgres.process, stores.s3.process, stores.catcher.process, *stores.rabbitmq.processes]
        return [process for process in (*own, *self.processes.values()) if process.has_died]

    @property
    def address_book(self) -> AddressBook:
        environments = self._environments
        grpc = {service.name: f"127.0.0.1:{environments.grpc_port(service)}" for service in DATA_SERVICES}
        return AddressBook(
            folder=str(self.data.path),
            targets=Targets(**grpc),
            catcher_url=self.stores.catcher.url,
            portal_url=environments.portal_url,
            operator=self.accounts.of("operator"),
            portal=self.accounts.of("portal"),
            metrics={
                f"{service.name}-{kind}": f"http://127.0.0.1:{environments.metrics_port(service, kind)}"
                for service in SERVICES
                for kind in service.kinds
            },
        )

    def _start_databases(self) -> None:
        self.stores.postgres.start()
        together(*(self._migration(service) for service in DATA_SERVICES))
        identity = next(service for service in SERVICES if service.name == "identity")
        self.accounts.make(self._environments.process(identity, "command"))

    def _migration(self, service: Service) -> Callable[[], None]:
        command = self._launch(service, "migrate", self._environments.migration(service))
        return lambda: run_to_end(command, self.data)

    def _process(self, service: Service, kind: str) -> Process:
        return Process(self._launch(service, kind, self._environments.process(service, kind)), self.data)


@contextmanager
def temporary_system(parent: Path = TEMPORARY_FOLDERS, launch: Launch = from_checkout) -> Iterator[System]:
    """A whole system of its own, started; it and its data vanish at the end."""
    data = DataFolder.temporary(parent)
    system = System(data, launch=launch)
    try:
        system.start()
        yield system
    finally:
        system.stop()
        data.remove()


def _says_yes(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
