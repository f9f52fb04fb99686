"""An intake process; its arguments are the consumer, the URLs of broker and database, and a port."""

import sys

from chassis import logs
from chassis.intake import run_intake


def main(consumer: str, amqp_url: str, database_url: str, metrics_port: str) -> None:
    """Take in the events that the exchange of the consumer's own name publishes."""
    logs.configure(consumer, "intake", "info")
    run_intake(
        consumer,
        [(consumer, "sample.thing_made")],
        amqp_url=amqp_url,
        database_url=database_url,
        metrics_host="127.0.0.1",
        metrics_port=int(metrics_port),
    )
    if "grpc" in sys.modules:
        raise RuntimeError("gRPC cannot live in a green process")


if __name__ == "__main__":
    main(*sys.argv[1:])
