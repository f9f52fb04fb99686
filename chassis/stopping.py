"""Tells the parts of a nameko service that it is about to end."""

from eventlet.event import Event
from nameko.extensions import SharedExtension


class Stopping(SharedExtension):
    """Shared by all extensions of one container."""

    def __init__(self) -> None:
        self._event = Event()

    @property
    def requested(self) -> bool:
        """Whether the service is to end."""
        return self._event.ready()

    def request(self) -> None:
        """Tell everybody; twice is as good as once."""
        if not self._event.ready():
            self._event.send(None)

    def wait(self, seconds: float) -> None:
        """Pause for that long, or until the service is to end."""
        self._event.wait(timeout=seconds)
