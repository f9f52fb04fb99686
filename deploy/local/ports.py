"""Free ports of this machine."""

import random
import socket

# Below the range that Linux and macOS take the ports of outgoing connections from: a port that was found
# free there could be taken by a connection of anybody's before the server that it is meant for listens.
_LOWEST, _HIGHEST = 20_000, 32_000


class Claim:
    """A port that nobody else who asks here gets until the claim is given up, or its process ends.

    The sign is the UDP port of the same number, which nothing of ours listens on: of two processes that want
    it at once one gets it, long before the server that the port is meant for listens.
    """

    def __init__(self, port: int) -> None:
        """Raises OSError where the port is claimed or in use."""
        self.port = port
        self._sign = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._sign.bind(("127.0.0.1", port))
            _bind_for_a_moment(port)
        except OSError:
            self._sign.close()
            raise

    def give_up(self) -> None:
        """Let others have the port."""
        self._sign.close()

    def __enter__(self) -> int:
        return self.port

    def __exit__(self, *_: object) -> None:
        self.give_up()


def claim(port: int) -> Claim | None:
    """This port, if it is free and nobody has claimed it."""
    try:
        return Claim(port)
    except OSError:
        return None


def choose(taken: frozenset[int] = frozenset()) -> Claim:
    """A free port on 127.0.0.1 that is not among `taken`; `with` gives it up at the end."""
    while True:
        port = random.randint(_LOWEST, _HIGHEST)
        if port not in taken and (found := claim(port)) is not None:
            return found


def accepts_connections(port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _bind_for_a_moment(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        candidate.bind(("127.0.0.1", port))
