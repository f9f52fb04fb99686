"""Lets the event loop wake a thread that waits for a socket."""

import contextlib
import select
import socket
import threading


class Bell:
    """A thread waits for the bell, or for a socket of its own, whichever comes first."""

    def __init__(self) -> None:
        self._inside, self._outside = socket.socketpair()
        self._inside.setblocking(False)
        self._outside.setblocking(False)
        self._stopped = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether the thread is to end."""
        return self._stopped.is_set()

    def ring(self) -> None:
        """Wake the thread; it does not matter how often."""
        with contextlib.suppress(BlockingIOError):
            self._outside.send(b"\0")

    def stop(self) -> None:
        """Ring for the last time."""
        self._stopped.set()
        self.ring()

    def wait(self, seconds: float, socket_number: int) -> None:
        """Wait for a ring or for something to read from that socket."""
        either = select.poll()
        either.register(self._inside, select.POLLIN)
        either.register(socket_number, select.POLLIN)
        either.poll(seconds * 1000)
        with contextlib.suppress(BlockingIOError):
            self._inside.recv(4096)

    def wait_for_stop(self, seconds: float) -> None:
        """Wait without being disturbed by anything but the last ring."""
        self._stopped.wait(seconds)

    def close(self) -> None:
        """Give the sockets back."""
        self._inside.close()
        self._outside.close()
