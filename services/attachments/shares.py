"""Lets no uploader take all the places for uploads."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from services.attachments import refusals


class Shares:
    """Counts what each uploader has in hand; refuses more than `most` at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[UUID] = Counter()

    @contextmanager
    def one(self, uploader_id: UUID) -> Iterator[None]:
        """Hold one place while in the block."""
        if self._taken[uploader_id] >= self._most:
            raise refusals.too_many_uploads(self._most)
        self._taken[uploader_id] += 1
        try:
            yield
        finally:
            self._taken[uploader_id] -= 1
            if not self._taken[uploader_id]:
                del self._taken[uploader_id]
