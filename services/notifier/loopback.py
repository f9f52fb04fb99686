"""Which hosts are this machine: only to them may anything go unencrypted."""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Say whether the host is this machine, judged by its name alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
