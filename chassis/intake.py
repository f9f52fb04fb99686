"""Takes a service's events off RabbitMQ and puts each in the inbox table: the process that runs nameko."""

import os
import warnings
from collections.abc import Sequence


def become_green() -> None:
    """Let every wait for a socket of this process run other green threads meanwhile.

    To be done before anything that opens sockets is imported. gRPC cannot live in such a process.
    """
    os.environ["EVENTLET_NO_GREENDNS"] = "yes"
    os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"
    with warnings.catch_warnings():  # it says that it is deprecated; docs/decisions knows
        warnings.filterwarnings("ignore", r"\s*Eventlet is deprecated")
        import eventlet

    eventlet.monkey_patch()


def run_intake(
    consumer: str,
    bindings: Sequence[tuple[str, str]],
    *,
    amqp_url: str,
    database_url: str,
    metrics_host: str,
    metrics_port: int,
) -> None:
    """Serve until SIGTERM or SIGINT, in a process of its own; `bindings` are (publisher, event type)."""
    become_green()
    from chassis.intake_service import serve
    from chassis.telemetry import Telemetry

    telemetry = Telemetry(consumer, "intake", metrics_port, metrics_host)
    serve(consumer, bindings, amqp_url=amqp_url, database_url=database_url, telemetry=telemetry)
