"""One attempt to take a document in, and what its row says once all is there."""

from dataclasses import dataclass
from uuid import UUID

from chassis.caller import Caller
from services.attachments.domain import Content, Header, keeps_original, side_of
from services.attachments.originals import Original
from services.attachments.reading import Document
from services.attachments.renditions import Rendition
from services.attachments.seals import DocumentSeal, Place
from services.attachments.storage import Arrival, Sealed


@dataclass(frozen=True, slots=True)
class Attempt:
    """A document that is coming, and where it will lie; `rendition_key` is for the rendition of a photo."""

    caller: Caller
    header: Header
    place: Place
    object_key: str
    rendition_key: str
    key: bytes
    seal: DocumentSeal

    @property
    def practice_id(self) -> UUID:
        return self.place.practice_id

    @property
    def attachment_id(self) -> UUID:
        return self.place.attachment_id

    def arrival(self) -> Arrival:
        """The row before the first byte."""
        return Arrival(
            practice_id=self.practice_id,
            id=self.attachment_id,
            patient_id=self.header.patient_id,
            uploader_id=self.caller.subject_id,
            request_id=self.header.request_id,
            object_key=self.object_key,
            key_sealed=self.seal.seal_key(self.key),
            file_name_sealed=self.seal.seal_file_name(self.header.file_name),
            declared_type=self.header.media_type,
            uploaded_by=side_of(self.caller),
            key_id=self.seal.key_id,
        )

    def document(self, content: Content) -> Document:
        """What has come, as it lies in the store."""
        return Document(self.object_key, self.key, self.place.content(), content.size)


@dataclass(frozen=True, slots=True)
class Completion:
    """What is stored of a document that is whole."""

    sealed: Sealed
    original: Original | None

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        kept = self.original is not None and self.original.object_key is not None
        return self.sealed.size + (self.original.size if self.original is not None and kept else 0)


def completion(attempt: Attempt, content: Content, rendition: Rendition | None) -> Completion:
    """The row of what came, or of the rendition with what came beside it."""
    seal = attempt.seal
    if rendition is None:
        return Completion(
            Sealed(
                object_key=attempt.object_key,
                key_sealed=seal.seal_key(attempt.key),
                size=content.size,
                sha256_sealed=seal.seal_sha256(content.sha256),
                sniffed_type=content.sniffed_type,
            ),
            None,
        )
    sealed = Sealed(
        object_key=rendition.object_key,
        key_sealed=seal.seal_key(rendition.key),
        size=rendition.size,
        sha256_sealed=seal.seal_sha256(rendition.sha256),
        sniffed_type=rendition.media_type,
    )
    return Completion(sealed, _original(attempt, content))


def _original(attempt: Attempt, content: Content) -> Original:
    kept = keeps_original(attempt.caller, attempt.header)
    return Original(
        practice_id=attempt.practice_id,
        attachment_id=attempt.attachment_id,
        size=content.size,
        sha256_sealed=attempt.seal.seal_original_sha256(content.sha256),
        media_type=content.sniffed_type,
        object_key=attempt.object_key if kept else None,
        key_sealed=attempt.seal.seal_original_key(attempt.key) if kept else None,
    )
