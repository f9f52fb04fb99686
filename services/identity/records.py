"""Seals and opens the personal fields of one record, each for its place only."""

from dataclasses import dataclass
from uuid import UUID

from chassis.keys import Sealer


@dataclass(frozen=True, slots=True)
class RecordSealer:
    """The sealer of one patient's or staff member's record."""

    sealer: Sealer
    practice_id: UUID
    record_id: UUID

    def seal(self, field: str, value: str) -> bytes:
        """Seal a value for this field of this record."""
        return self.sealer.seal(value.encode(), self.practice_id, self.record_id, field)

    def seal_optional(self, field: str, value: str | None) -> bytes | None:
        """The same for a field that may have no value."""
        return None if value is None else self.seal(field, value)

    def open(self, field: str, sealed: bytes) -> str:
        """Open what was sealed for this field of this record; CiphertextMoved for anything else."""
        return self.sealer.open(sealed, self.practice_id, self.record_id, field).decode()

    def open_optional(self, field: str, sealed: bytes | None) -> str | None:
        """The same for a field that may have no value."""
        return None if sealed is None else self.open(field, sealed)
