"""What backup and restore read from the environment: PRAXISPOST_BACKUP_MESSAGING_DATABASE_URL, and so on."""

from collections.abc import Mapping
from dataclasses import dataclass

from chassis.settings import Secret


@dataclass(frozen=True)
class WithKeys:
    """A service's databases: of its data, and of its keys."""

    database_url: Secret
    keys_database_url: Secret


@dataclass(frozen=True)
class WithoutKeys:
    """The database of a service that has no keys."""

    database_url: Secret


@dataclass(frozen=True)
class Bucket:
    """Where the objects lie: any S3; `endpoint` is host:port."""

    endpoint: str
    access_key: Secret
    secret_key: Secret
    bucket: str
    secure: bool = True
    region: str = "us-east-1"


@dataclass(frozen=True)
class BackupSettings:
    """All stores. To restore, the databases' URLs are those of their owners; to make a backup they are those
    of a user that reads everything (`pg_read_all_data`) and passes by row-level security (`BYPASSRLS`)."""

    messaging: WithKeys
    attachments: WithKeys
    notifier: WithoutKeys
    identity: WithKeys
    s3: Bucket

    @property
    def data(self) -> Mapping[str, Secret]:
        """The data databases by service, in the order in which they are dumped."""
        return {
            "messaging": self.messaging.database_url,
            "attachments": self.attachments.database_url,
            "notifier": self.notifier.database_url,
            "identity": self.identity.database_url,
        }

    @property
    def keys(self) -> Mapping[str, Secret]:
        """The key databases by service."""
        return {
            "messaging": self.messaging.keys_database_url,
            "attachments": self.attachments.keys_database_url,
            "identity": self.identity.keys_database_url,
        }
