"""How much room a practice's documents take, and how much they may."""

from dataclasses import dataclass

from services.attachments import refusals


@dataclass(frozen=True, slots=True)
class Room:
    """What a practice's documents take and may take, in bytes."""

    used_bytes: int
    quota_bytes: int

    def check(self, size: int) -> None:
        """Refuses so many bytes more than there is room for."""
        if self.used_bytes + size > self.quota_bytes:
            raise refusals.quota_exceeded(self.quota_bytes)
