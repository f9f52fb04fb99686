"""Seals and opens the personal fields of one record, each for its place only."""

from uuid import UUID

from chassis.keys import Sealer
from chassis.sealing import Place


class RecordSealer:
    """The sealer of one patient's or staff member's record."""

    __slots__ = ("_place", "_sealer", "practice_id", "record_id")

    def __init__(self, sealer: Sealer, practice_id: UUID, record_id: UUID) -> None:
        self._sealer = sealer
        self._place = Place.of(practice_id, record_id)
        self.practice_id = practice_id
        self.record_id = record_id

    def seal(self, field: str, value: str) -> bytes:
        """Seal a value for this field of this record."""
        return self._sealer.seal(value.encode(), self._place, field)

    def seal_optional(self, field: str, value: str | None) -> bytes | None:
        """The same for a field that may have no value."""
        return None if value is None else self.seal(field, value)

    def open(self, field: str, sealed: bytes) -> str:
        """Open what was sealed for this field of this record; CiphertextMoved for anything else."""
        return self._sealer.open(sealed, self._place, field).decode()

    def open_optional(self, field: str, sealed: bytes | None) -> str | None:
        """The same for a field that may have no value."""
        return None if sealed is None else self.open(field, sealed)
