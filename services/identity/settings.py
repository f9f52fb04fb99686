"""What the processes of identity read from the environment."""

from dataclasses import dataclass
from pathlib import Path

from chassis.grpc_server import GrpcSettings
from chassis.settings import Secret


@dataclass(frozen=True)
class ApiSettings:
    """The api."""

    grpc: GrpcSettings
    database_url: Secret
    keys_database_url: Secret
    wrapping_keys: Path
    metrics_port: int
    api_processes: int = 1
    metrics_host: str = "127.0.0.1"
    log_level: str = "info"


@dataclass(frozen=True)
class WorkerSettings:
    """The worker; `identity_target` is where it gets the token for the notifier."""

    database_url: Secret
    keys_database_url: Secret
    wrapping_keys: Path
    amqp_url: Secret
    identity_target: str
    notifier_target: str
    service_account_id: str
    service_account_secret: Secret
    metrics_port: int
    tls: Path | None = None
    metrics_host: str = "127.0.0.1"
    log_level: str = "info"


@dataclass(frozen=True)
class MigrateSettings:
    """The migration: logs in with the migrate URLs, and gives rights to the users of the others."""

    migrate_database_url: Secret
    database_url: Secret
    migrate_keys_database_url: Secret
    keys_database_url: Secret
    log_level: str = "info"


@dataclass(frozen=True)
class CommandSettings:
    """The platform operator's commands."""

    database_url: Secret
    keys_database_url: Secret
    wrapping_keys: Path
    log_level: str = "info"
