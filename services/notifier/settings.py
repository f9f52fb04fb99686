"""What api, worker and migration read from the environment."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from chassis.grpc_server import GrpcSettings
from chassis.settings import Secret, SettingsError
from services.notifier.loopback import is_loopback
from services.notifier.mail.address import is_plain_address
from services.notifier.mail.settings import SmtpSettings
from services.notifier.sms.gateway import SmsSettings


@dataclass(frozen=True)
class ApiSettings:
    """The api: `mail_from` is the address notices come from, `portal_url` where their links lead."""

    grpc: GrpcSettings
    database_url: Secret
    identity_target: str
    smtp: SmtpSettings
    sms: SmsSettings
    mail_from: str
    portal_url: str
    metrics_port: int
    tls: Path | None = None
    api_processes: int = 1
    metrics_host: str = "127.0.0.1"
    log_level: str = "info"


@dataclass(frozen=True)
class WorkerSettings:
    """The worker: `mail_from` is the address prompts come from, `portal_url` where their links lead.

    A prompt opens a window of `prompt_window`, at whose end one more prompt goes for what came meanwhile. The
    patient is reminded once of what is not read `reminder_after` its prompt. Both are given in seconds.
    """

    database_url: Secret
    amqp_url: Secret
    identity_target: str
    service_account_id: str
    service_account_secret: Secret
    smtp: SmtpSettings
    mail_from: str
    portal_url: str
    metrics_port: int
    prompt_window: timedelta = timedelta(minutes=2)
    reminder_after: timedelta = timedelta(days=3)
    tls: Path | None = None
    metrics_host: str = "127.0.0.1"
    log_level: str = "info"


@dataclass(frozen=True)
class BounceSettings:
    """The bounce process: listens for what the domain of `mail_from` is to get."""

    database_url: Secret
    mail_from: str
    bounce_port: int
    metrics_port: int
    bounce_host: str = "127.0.0.1"
    metrics_host: str = "127.0.0.1"
    log_level: str = "info"


@dataclass(frozen=True)
class MigrateSettings:
    """The migration: logs in with `migrate_database_url`, and gives rights to the user of `database_url`."""

    migrate_database_url: Secret
    database_url: Secret
    log_level: str = "info"


def check_sender(mail_from: str) -> None:
    """Refuse a sender's address that no letter could carry."""
    problems = _problems_of_sender(mail_from)
    if problems:
        raise SettingsError(tuple(problems))


def _problems_of_sender(mail_from: str) -> list[str]:
    return [] if is_plain_address(mail_from) else ["PRAXISPOST_MAIL_FROM must be one plain e-mail address"]


def check_letters(mail_from: str, portal_url: str) -> None:
    """Refuse a sender's address and links that no letter could carry."""
    problems = _problems_of_sender(mail_from)
    parts = urlsplit(portal_url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    if not safe or not parts.hostname or parts.query or parts.fragment:
        problems.append("PRAXISPOST_PORTAL_URL must begin with https:// (http:// on this machine only)")
    if problems:
        raise SettingsError(tuple(problems))
