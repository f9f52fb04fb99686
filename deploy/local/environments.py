"""What each process is told: the settings that a deployment's chart would give it."""

from deploy.local import wrapping_keys
from deploy.local.data_folder import DataFolder
from deploy.local.service_accounts import ServiceAccounts
from deploy.local.services import DATA_SERVICES, Service
from deploy.local.stores import Stores

_PREFIX = "PRAXISPOST_"
_SENDER = "hinweis@praxispost.example"
# Who tries things out does not want to wait for the usual two minutes.
_PROMPT_WINDOW_SECONDS = "1"


class Environments:
    """Environments of all processes on one data folder; PostgreSQL must run, as it is asked for databases."""

    def __init__(self, data: DataFolder, stores: Stores, accounts: ServiceAccounts) -> None:
        self._data = data
        self._stores = stores
        self._accounts = accounts

    def process(self, service: Service, kind: str) -> dict[str, str]:
        """A long-running process: it logs in to its databases as the app role only."""
        account = self._accounts.of(service.name)
        settings = {
            **self._targets(),
            "SERVICE_ACCOUNT_ID": account.id,
            "SERVICE_ACCOUNT_SECRET": account.secret,
            "METRICS_HOST": "127.0.0.1",
            "METRICS_PORT": str(self.metrics_port(service, kind)),
            "LOG_LEVEL": "info",
        }
        if service.has_data:
            settings |= self._databases(service) | {"AMQP_URL": self._stores.rabbitmq.url}
        if service.name == "portal":
            settings |= self._portal()
        if kind == "api":
            settings |= {"GRPC_HOST": "127.0.0.1", "GRPC_PORT": str(self.grpc_port(service))}
        if service.name == "attachments":
            settings |= self._s3()
        if service.name == "notifier":
            settings |= self._mail() | self._sms()
        if kind == "bounce":
            settings |= {"BOUNCE_PORT": str(self._stores.catcher.reports_port)}
        return _prefixed(settings)

    def migration(self, service: Service) -> dict[str, str]:
        """The migration: it logs in as the owner, and names the app role that it gives rights to."""
        return _prefixed(self._databases(service) | self._owned_databases(service) | {"LOG_LEVEL": "info"})

    def grpc_port(self, service: Service) -> int:
        return self._data.port(f"{service.name}-grpc")

    def metrics_port(self, service: Service, kind: str) -> int:
        return self._data.port(f"{service.name}-{kind}-metrics")

    @property
    def portal_url(self) -> str:
        """Where links in mails lead."""
        return f"http://127.0.0.1:{self._data.port('portal')}"

    def _portal(self) -> dict[str, str]:
        return {
            "HTTP_HOST": "127.0.0.1",
            "HTTP_PORT": str(self._data.port("portal")),
            "IMPRINT_URL": "https://praxispost.example/impressum",
            "PRIVACY_URL": "https://praxispost.example/datenschutz",
            "COOKIE_KEY": (wrapping_keys.ensure(self._data, "portal") / "1").read_text(),
        }

    def _databases(self, service: Service) -> dict[str, str]:
        settings = {"DATABASE_URL": self._stores.postgres.database(service.name).app}
        if service.has_keys:
            settings["KEYS_DATABASE_URL"] = self._stores.postgres.database(f"{service.name}_keys").app
            settings["WRAPPING_KEYS"] = str(wrapping_keys.ensure(self._data, service.name))
        return settings

    def _owned_databases(self, service: Service) -> dict[str, str]:
        settings = {"MIGRATE_DATABASE_URL": self._stores.postgres.database(service.name).owner}
        if service.has_keys:
            keys = self._stores.postgres.database(f"{service.name}_keys")
            settings["MIGRATE_KEYS_DATABASE_URL"] = keys.owner
        return settings

    def _targets(self) -> dict[str, str]:
        return {f"{each.name.upper()}_TARGET": f"127.0.0.1:{self.grpc_port(each)}" for each in DATA_SERVICES}

    def _s3(self) -> dict[str, str]:
        access = self._stores.s3.access
        return {
            "S3_ENDPOINT": access.endpoint,
            "S3_ACCESS_KEY": access.access_key,
            "S3_SECRET_KEY": access.secret_key,
            "S3_BUCKET": access.bucket,
            "S3_REGION": access.region,
            "S3_SECURE": "false",
        }

    def _mail(self) -> dict[str, str]:
        smtp = self._stores.catcher.smtp
        return {
            "SMTP_HOST": smtp.host,
            "SMTP_PORT": str(smtp.port),
            "SMTP_SECURITY": "starttls",
            "SMTP_USERNAME": smtp.username,
            "SMTP_PASSWORD": smtp.password,
            "SMTP_CA_FILE": str(smtp.ca_file),
            "MAIL_FROM": _SENDER,
            "PROMPT_WINDOW": _PROMPT_WINDOW_SECONDS,
            "PORTAL_URL": self.portal_url,
        }

    def _sms(self) -> dict[str, str]:
        sms = self._stores.catcher.sms
        return {
            "SMS_URL": sms.url,
            "SMS_METHOD": "POST",
            "SMS_HEADERS": f"Content-Type: application/json\nAuthorization: Bearer {sms.token}",
            "SMS_BODY": '{"to": {{ to | tojson }}, "text": {{ text | tojson }}}',
        }


def _prefixed(settings: dict[str, str]) -> dict[str, str]:
    return {f"{_PREFIX}{name}": value for name, value in settings.items()}
