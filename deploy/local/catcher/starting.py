"""Starts the catcher, and says where it is."""

import sys
from dataclasses import dataclass
from pathlib import Path

from deploy.local import ports
from deploy.local.catcher import certificates
from deploy.local.catcher.client import CatcherClient
from deploy.local.data_folder import DataFolder
from deploy.local.processes import Command, Process

_USERNAME = "notifier"


@dataclass(frozen=True, slots=True)
class SmtpAccess:
    """What the notifier is told about its mail relay, which wants STARTTLS."""

    host: str
    port: int
    username: str
    password: str
    ca_file: Path


@dataclass(frozen=True, slots=True)
class SmsAccess:
    """What the notifier is told about its SMS gateway: POST of JSON with `to` and `text`, bearer token."""

    url: str
    token: str


class Catcher:
    """The catcher's process; to `reports_port` it sends what it reports of mail that it took."""

    def __init__(self, data: DataFolder) -> None:
        self._smtp_port = data.port("catcher-smtp")
        self._http_port = data.port("catcher")
        self.reports_port = data.port("reports")
        self._password = data.secret("catcher-smtp")
        self._token = data.secret("catcher-sms")
        self._ca_file, self._certificate = certificates.ensure(data.part("catcher"))
        self.process = Process(self._command(), data)

    @property
    def url(self) -> str:
        """The page for people, and the root of what programs ask."""
        return f"http://127.0.0.1:{self._http_port}"

    @property
    def smtp(self) -> SmtpAccess:
        return SmtpAccess("127.0.0.1", self._smtp_port, _USERNAME, self._password, self._ca_file)

    @property
    def sms(self) -> SmsAccess:
        return SmsAccess(f"{self.url}/sms", self._token)

    def client(self) -> CatcherClient:
        """A new client of it."""
        return CatcherClient(self.url)

    def start(self) -> None:
        """Start it and wait until it takes mail and SMS."""
        self.process.start()
        self.process.wait_ready(self._is_ready, 30)

    def stop(self) -> None:
        """Stop it; what it caught is gone."""
        self.process.stop(5)

    def _is_ready(self) -> bool:
        return all(ports.accepts_connections(port) for port in (self._smtp_port, self._http_port))

    def _command(self) -> Command:
        options = {
            "smtp-port": self._smtp_port,
            "http-port": self._http_port,
            "reports-port": self.reports_port,
            "certificate": self._certificate,
        }
        return Command(
            name="catcher",
            arguments=[
                *(sys.executable, "-m", "deploy.local.catcher"),
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            environment={
                "CATCHER_SMTP_USERNAME": _USERNAME,
                "CATCHER_SMTP_PASSWORD": self._password,
                "CATCHER_SMS_TOKEN": self._token,
            },
        )
