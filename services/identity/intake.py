"""The intake: puts the notifier's events into the inbox; imports nothing that must not run under eventlet."""

from collections.abc import Mapping
from dataclasses import dataclass

from chassis import logs
from chassis.intake import run_intake
from chassis.settings import Secret, load
from services.identity.bus import BINDINGS, SERVICE


@dataclass(frozen=True)
class IntakeSettings:
    """What the intake reads from the environment."""

    database_url: Secret
    amqp_url: Secret
    metrics_port: int
    metrics_host: str = "127.0.0.1"
    log_level: str = "info"


def main(environ: Mapping[str, str]) -> None:
    """Serve until stopped."""
    settings = load(IntakeSettings, environ)
    logs.configure(SERVICE, "intake", settings.log_level)
    run_intake(
        SERVICE,
        BINDINGS,
        amqp_url=settings.amqp_url,
        database_url=settings.database_url,
        metrics_host=settings.metrics_host,
        metrics_port=settings.metrics_port,
    )
