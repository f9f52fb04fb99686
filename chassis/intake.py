"""Takes a service's events off RabbitMQ and puts each in the inbox table: the process that runs nameko."""

import os
from collections.abc import Sequence


def run_intake(
    consumer: str,
    bindings: Sequence[tuple[str, str]],
    *,
    amqp_url: str,
    database_url: str,
    metrics_host: str,
    metrics_port: int,
) -> None:
    """Serve until SIGTERM or SIGINT; `bindings` are (publishing service, event type).

    Makes the whole process green, so nothing else may run in it, least of all gRPC, and whatever
    opens sockets is imported only after that.
    """
    os.environ["EVENTLET_NO_GREENDNS"] = "yes"
    os.environ["PSYCOPG_WAIT_FUNC"] = "wait_selector"
    import eventlet

    eventlet.monkey_patch()
    from chassis.intake_service import serve
    from chassis.telemetry import Telemetry

    telemetry = Telemetry(consumer, "intake", metrics_port, metrics_host)
    serve(consumer, bindings, amqp_url=amqp_url, database_url=database_url, telemetry=telemetry)
