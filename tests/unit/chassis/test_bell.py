"""How the event loop wakes a thread."""

import socket
import threading
from contextlib import closing

from chassis.bell import Bell


def waiting(bell: Bell, number: int) -> threading.Thread:
    thread = threading.Thread(target=bell.wait, args=(3600, number))
    thread.start()
    return thread


def test_a_ring_ends_the_wait_however_often_it_rang() -> None:
    with closing(Bell()) as bell, socket.socket(type=socket.SOCK_DGRAM) as silent:
        thread = waiting(bell, silent.fileno())
        for _ in range(100_000):
            bell.ring()
        thread.join(20)
        assert not thread.is_alive()
        assert not bell.stopped


def test_something_to_read_ends_the_wait() -> None:
    inside, outside = socket.socketpair()
    with closing(Bell()) as bell, inside, outside:
        thread = waiting(bell, inside.fileno())
        outside.send(b"!")
        thread.join(20)
        assert not thread.is_alive()


def test_the_last_ring_ends_every_wait() -> None:
    with closing(Bell()) as bell, socket.socket(type=socket.SOCK_DGRAM) as silent:
        thread = waiting(bell, silent.fileno())
        bell.stop()
        thread.join(20)
        assert not thread.is_alive()
        assert bell.stopped
        bell.wait_for_stop(3600)
