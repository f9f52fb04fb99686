"""Seals what is kept of a document under its patient's key, each value tied to its document and field."""

from dataclasses import dataclass
from uuid import UUID

from chassis.keys import Keys
from chassis.sealing import Sealer, encode_parts


@dataclass(frozen=True, slots=True)
class Place:
    """What a document belongs to."""

    practice_id: UUID
    patient_id: UUID
    attachment_id: UUID

    def content(self) -> bytes:
        """The associated data of the document's content."""
        return encode_parts((self.practice_id, self.patient_id, self.attachment_id, "content"))


class DocumentSeal:
    """Seals and opens the values of one document's row."""

    def __init__(self, sealer: Sealer, place: Place) -> None:
        self._sealer = sealer
        self._belongs_to = (place.practice_id, place.patient_id, place.attachment_id)

    def seal_file_name(self, file_name: str) -> bytes:
        return self._sealer.seal(file_name.encode(), *self._belongs_to, "file_name")

    def open_file_name(self, sealed: bytes) -> str:
        return self._sealer.open(sealed, *self._belongs_to, "file_name").decode()

    def seal_sha256(self, sha256: bytes) -> bytes:
        return self._sealer.seal(sha256, *self._belongs_to, "sha256")

    def open_sha256(self, sealed: bytes) -> bytes:
        return self._sealer.open(sealed, *self._belongs_to, "sha256")

    def seal_key(self, key: bytes) -> bytes:
        return self._sealer.seal(key, *self._belongs_to, "key")

    def open_key(self, sealed: bytes) -> bytes:
        return self._sealer.open(sealed, *self._belongs_to, "key")

    def seal_original_sha256(self, sha256: bytes) -> bytes:
        return self._sealer.seal(sha256, *self._belongs_to, "original_sha256")

    def open_original_sha256(self, sealed: bytes) -> bytes:
        return self._sealer.open(sealed, *self._belongs_to, "original_sha256")

    def seal_original_key(self, key: bytes) -> bytes:
        return self._sealer.seal(key, *self._belongs_to, "original_key")

    def open_original_key(self, sealed: bytes) -> bytes:
        return self._sealer.open(sealed, *self._belongs_to, "original_key")


class Seals:
    """The seals of documents, by their patients' keys."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def of(self, place: Place) -> DocumentSeal:
        """The seal of one document; a patient's first one makes the key."""
        return DocumentSeal(await self._keys.sealer(place.patient_id), place)
