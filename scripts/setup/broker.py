"""Finds out whether a RabbitMQ can be started here or was given, or says how to get one."""

import os

from deploy.local import rabbitmq_home
from scripts.setup import debian
from scripts.setup.problem import SetupProblem


def missing() -> list[str]:
    """The packages of Debian's to install; refuses where that can't be done."""
    if os.environ.get("PRAXISPOST_AMQP_URL") or rabbitmq_home.find() is not None:
        return []
    if not debian.can_install():
        raise SetupProblem(
            "Praxispost needs RabbitMQ. Install it (Debian: apt-get install rabbitmq-server; it need not\n"
            "run), or give the address of one: PRAXISPOST_AMQP_URL=amqp://user:password@host:5672/vhost"
        )
    return ["rabbitmq-server"]
