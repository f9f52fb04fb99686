"""Free ports of this machine."""

import random
import socket

# Below the range that Linux and macOS take the ports of outgoing connections from: a port that was found
# free there could be taken by a connection of anybody's before the server that it is meant for listens.
_LOWEST, _HIGHEST = 20_000, 32_000


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def choose(taken: frozenset[int]) -> int:
    """A port that is free on 127.0.0.1 and not among `taken`."""
    while True:
        port = random.randint(_LOWEST, _HIGHEST)
        if port not in taken and is_free(port):
            return port


def accepts_connections(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
