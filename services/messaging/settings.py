"""What api, worker and migration read from the environment."""

from dataclasses import dataclass
from pathlib import Path

from chassis.grpc_server import GrpcSettings
from chassis.settings import Secret
from services.messaging.guard.domain import GuardRules


@dataclass(frozen=True)
class ApiSettings:
    """The api: `wrapping_keys` is the folder with the keys that wrap the patients' keys.

    `guard` says to how many patients, and in which time, one text goes before it is held.
    """

    grpc: GrpcSettings
    guard: GuardRules
    database_url: Secret
    keys_database_url: Secret
    wrapping_keys: Path
    identity_target: str
    attachments_target: str
    service_account_id: str
    service_account_secret: Secret
    metrics_port: int
    tls: Path | None = None
    api_processes: int = 1
    metrics_host: str = "127.0.0.1"
    log_level: str = "info"


@dataclass(frozen=True)
class WorkerSettings:
    """The worker: `guard` is the api's; of the keys it only destroys some, and can unwrap none."""

    guard: GuardRules
    database_url: Secret
    keys_database_url: Secret
    amqp_url: Secret
    metrics_port: int
    metrics_host: str = "127.0.0.1"
    log_level: str = "info"


@dataclass(frozen=True)
class MigrateSettings:
    """The migration: logs in with the `migrate_…` addresses, and gives rights to the users of the others."""

    migrate_database_url: Secret
    database_url: Secret
    migrate_keys_database_url: Secret
    keys_database_url: Secret
    log_level: str = "info"
