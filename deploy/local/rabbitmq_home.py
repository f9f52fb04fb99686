"""Finds the RabbitMQ that the system has installed; set-up uses it too, so: standard library only."""

from pathlib import Path

# Debian and Fedora, Homebrew on both kinds of Mac.
_PLACES = (
    "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin",
    "/opt/homebrew/opt/rabbitmq/sbin",
    "/usr/local/opt/rabbitmq/sbin",
)


def find() -> Path | None:
    """The folder of RabbitMQ's own scripts: those on PATH insist on a user of their own."""
    for place in _PLACES:
        for folder in sorted(Path("/").glob(place.lstrip("/")), reverse=True):
            if (folder / "rabbitmq-server").is_file():
                return folder
    return None
