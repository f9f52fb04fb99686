"""Where the mail relay is and how to reach it safely."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chassis.settings import SettingsError
from services.notifier.loopback import is_loopback


@dataclass(frozen=True)
class SmtpSettings:
    """The mail relay.

    `security` none is for a relay on this machine only; `ca_file` replaces the system's authorities.
    """

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    username: str | None = None
    password: str | None = None
    ca_file: Path | None = None


def check_smtp(settings: SmtpSettings) -> None:
    """Refuse contradictions at the start, all of them together, rather than at the first letter."""
    problems: list[str] = []
    if not 0 < settings.port < 65536:
        problems.append("PRAXISPOST_SMTP_PORT must be 1 to 65535")
    if (settings.username is None) != (settings.password is None):
        problems.append("PRAXISPOST_SMTP_USERNAME and PRAXISPOST_SMTP_PASSWORD belong together")
    if settings.security == "none":
        if not is_loopback(settings.host):
            problems.append("PRAXISPOST_SMTP_SECURITY none is for a relay on this machine only")
        if settings.ca_file is not None:
            problems.append("PRAXISPOST_SMTP_CA_FILE needs PRAXISPOST_SMTP_SECURITY starttls or tls")
    elif not _readable_authorities(settings.ca_file):
        problems.append("PRAXISPOST_SMTP_CA_FILE must name a readable file of PEM certificates")
    if problems:
        raise SettingsError(tuple(problems))


def tls_context(settings: SmtpSettings) -> ssl.SSLContext:
    """The context that checks the relay's certificate and name; TLS 1.2 at least."""
    context = ssl.create_default_context(cafile=None if settings.ca_file is None else str(settings.ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _readable_authorities(ca_file: Path | None) -> bool:
    try:
        ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except (OSError, ssl.SSLError):
        return False
    return True
