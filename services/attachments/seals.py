"""Seals what is kept of a document under its patient's key and one of its own, each value for its field."""

from dataclasses import dataclass
from uuid import UUID

from chassis.data_keys import DataKeys
from chassis.keys import Keys
from chassis.sealing import CiphertextMoved, Sealer, encode_parts


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
    """Seals and opens the values of one document's row; `key_id` names its own key, where it has one."""

    def __init__(self, sealer: Sealer, place: Place, key_id: UUID | None) -> None:
        self._sealer = sealer
        self.key_id = key_id
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
    """The seals of documents, by their patients' keys and their own."""

    def __init__(self, keys: Keys, data_keys: DataKeys) -> None:
        self._keys = keys
        self._data_keys = data_keys

    async def new(self, place: Place) -> DocumentSeal:
        """The seal of a new document, with a key of its own; a patient's first one makes the patient's."""
        patients = await self._keys.sealer(place.patient_id)
        taken = await self._data_keys.take()
        return DocumentSeal(patients.joined_with(taken.key), place, taken.id)

    async def of(self, place: Place, key_id: UUID | None) -> DocumentSeal:
        """The seal of a document; raises CiphertextMoved where its key was destroyed."""
        patients = await self._keys.sealer(place.patient_id)
        if key_id is None:
            return DocumentSeal(patients, place, None)
        key = (await self._data_keys.find([key_id])).get(key_id)
        if key is None:
            raise CiphertextMoved
        return DocumentSeal(patients.joined_with(key), place, key_id)
