"""What the portal's process reads from the environment."""

from dataclasses import dataclass
from pathlib import Path

from chassis.settings import Secret


@dataclass(frozen=True)
class WebSettings:
    """The pages.

    `cookie_key`: at least 32 random characters, the same for all processes; `imprint_url` and
    `privacy_url`: the
    platform's own; `trusted_proxies`: how many proxies in front of the portal append to X-Forwarded-For;
    `max_attachment_bytes`: as attachments has it.
    """

    identity_target: str
    messaging_target: str
    attachments_target: str
    notifier_target: str
    service_account_id: str
    service_account_secret: Secret
    cookie_key: Secret
    http_port: int
    metrics_port: int
    tls: Path | None = None
    http_host: str = "127.0.0.1"
    metrics_host: str = "127.0.0.1"
    imprint_url: str = ""
    privacy_url: str = ""
    trusted_proxies: int = 0
    max_attachment_bytes: int = 50 * 1024 * 1024
    time_zone: str = "Europe/Berlin"
    log_level: str = "info"
