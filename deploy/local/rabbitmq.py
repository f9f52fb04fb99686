"""A private RabbitMQ node, run from the system's installation, that listens on this machine only."""

import os
from pathlib import Path

import kombu
from kombu.exceptions import OperationalError

from deploy.local import ports, rabbitmq_home
from deploy.local.data_folder import DataFolder
from deploy.local.processes import Command, Process, ProcessFailed

_USER = "praxispost"


class RabbitMq:
    """The node and the port mapper that Erlang wants beside it."""

    def __init__(self, data: DataFolder) -> None:
        self._data = data
        self._folder = data.part("rabbitmq")
        self.port = data.port("rabbitmq")
        self._metrics_port = data.port("rabbitmq-metrics")
        self._mapper_port = data.port("rabbitmq-port-mapper")
        self._mapper = Process(self._mapper_command(), data)
        self.process = Process(self._node_command(), data)

    @property
    def url(self) -> str:
        return f"amqp://{_USER}:{self._data.secret('rabbitmq')}@127.0.0.1:{self.port}//"

    @property
    def metrics_url(self) -> str:
        """Where the node's own metrics are; what it says of single queues is at /metrics/detailed."""
        return f"http://127.0.0.1:{self._metrics_port}"

    def start(self) -> None:
        """Start it and wait until it lets us in."""
        self._write_configuration()
        self._mapper.start()
        self._mapper.wait_ready(lambda: ports.accepts_connections(self._mapper_port), 20)
        self.process.start()
        self.process.wait_ready(self._is_ready, 90)

    def stop(self) -> None:
        """Stop it in order; durable queues and what lies in them are kept."""
        self.process.stop(seconds=30)
        self._mapper.stop()

    @property
    def processes(self) -> tuple[Process, ...]:
        return (self._mapper, self.process)

    def kill(self) -> None:
        """End the node as a crash would."""
        self.process.kill()

    def _write_configuration(self) -> None:
        settings = {
            "listeners.tcp.local": f"127.0.0.1:{self.port}",
            "default_user": _USER,
            "default_pass": self._data.secret("rabbitmq"),
            "default_permissions.configure": ".*",
            "default_permissions.read": ".*",
            "default_permissions.write": ".*",
            "prometheus.tcp.ip": "127.0.0.1",
            "prometheus.tcp.port": str(self._metrics_port),
            "log.console": "true",
            "log.console.level": "warning",
            "log.file": "false",
            "vm_memory_high_watermark.absolute": "512MiB",
            "disk_free_limit.absolute": "200MB",
        }
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
        configuration = self._folder / "rabbitmq.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(lines)
        (self._folder / "environment").write_text("")
        (self._folder / "plugins").write_text("[rabbitmq_prometheus].\n")

    def _node_command(self) -> Command:
        loopback = "-kernel inet_dist_use_interface {127,0,0,1}"
        # Schedulers that spin while they wait would take a small machine's processors from everybody else.
        quiet = "+sbwt none +sbwtdcpu none +sbwtdio none"
        environment = {
            "HOME": str(self._folder),
            "RABBITMQ_NODENAME": f"praxispost-{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._data.port("rabbitmq-distribution")),
            "RABBITMQ_MNESIA_BASE": str(self._folder / "data"),
            "RABBITMQ_LOG_BASE": str(self._data.logs),
            "RABBITMQ_CONFIG_FILE": str(self._folder / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": str(self._folder / "environment"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._folder / "plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{loopback} {quiet} -start_epmd false",
            # Then the script becomes the node instead of waiting beside it.
            "RUNNING_UNDER_SYSTEMD": "true",
        }
        environment |= self._mapper_environment()
        return Command("rabbitmq", [_home() / "rabbitmq-server"], environment, folder=self._folder)

    def _mapper_command(self) -> Command:
        return Command("rabbitmq-port-mapper", ["epmd"], self._mapper_environment(), self._folder)

    def _mapper_environment(self) -> dict[str, str]:
        return {"ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": str(self._mapper_port)}

    def _is_ready(self) -> bool:
        if not ports.accepts_connections(self.port):
            return False
        try:
            _log_in(self.url)
        except (OperationalError, OSError):
            return False
        return True


class GivenRabbitMq:
    """One that somebody else runs: it is there, and is neither started nor stopped."""

    processes: tuple[Process, ...] = ()

    def __init__(self, url: str) -> None:
        self.url = url

    def start(self) -> None:
        """Make sure that it lets us in."""
        _log_in(self.url)

    def stop(self) -> None:
        """Leave it alone."""


def rabbitmq(data: DataFolder) -> RabbitMq | GivenRabbitMq:
    """The one that PRAXISPOST_AMQP_URL names, or else a private one."""
    given = os.environ.get("PRAXISPOST_AMQP_URL")
    return GivenRabbitMq(given) if given else RabbitMq(data)


def _log_in(url: str) -> None:
    connection = kombu.Connection(url, connect_timeout=5)
    try:
        connection.connect()
    finally:
        connection.release()


def _home() -> Path:
    home = rabbitmq_home.find()
    if home is None:
        raise ProcessFailed("RabbitMQ is not installed: `make setup` says what to do.")
    return home
