"""Makes sure that a RabbitMQ can be started here, or that one was given."""

import os

from deploy.local import rabbitmq_home
from scripts.setup import debian
from scripts.setup.problem import SetupProblem


def ensure() -> None:
    if os.environ.get("PRAXISPOST_AMQP_URL") or rabbitmq_home.find() is not None:
        return
    if not debian.can_install():
        raise SetupProblem(
            "Praxispost needs RabbitMQ. Install it (Debian: apt-get install rabbitmq-server; it need not\n"
            "run), or give the address of one: PRAXISPOST_AMQP_URL=amqp://user:password@host:5672/vhost"
        )
    debian.install("rabbitmq-server")
    if rabbitmq_home.find() is None:
        raise SetupProblem("rabbitmq-server is installed, but its sbin folder was not found.")
