"""What the processes of attachments read from the environment."""

from dataclasses import dataclass
from pathlib import Path

from chassis.grpc_server import GrpcSettings
from chassis.settings import Secret


@dataclass(frozen=True)
class StoreSettings:
    """Where the objects lie: any S3; `endpoint` is host:port."""

    endpoint: str
    access_key: Secret
    secret_key: Secret
    bucket: str
    secure: bool = True
    region: str = "us-east-1"


@dataclass(frozen=True)
class ApiSettings:
    """The api. `quota_bytes` is what the documents of a practice may take that has no quota of its own;
    `scanner` is host:port of ClamAV's clamd, without which documents are not scanned."""

    grpc: GrpcSettings
    database_url: Secret
    keys_database_url: Secret
    wrapping_keys: Path
    s3: StoreSettings
    identity_target: str
    messaging_target: str
    metrics_port: int
    tls: Path | None = None
    scanner: str | None = None
    api_processes: int = 1
    metrics_host: str = "127.0.0.1"
    max_attachment_bytes: int = 50 * 1024 * 1024
    quota_bytes: int = 10 * 1024 * 1024 * 1024
    log_level: str = "info"


@dataclass(frozen=True)
class WorkerSettings:
    """The worker, and the command `collect`; of the keys it only destroys some, and can unwrap none."""

    database_url: Secret
    keys_database_url: Secret
    amqp_url: Secret
    s3: StoreSettings
    identity_target: str
    messaging_target: str
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
