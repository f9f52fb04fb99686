"""Seals a message's content for the one place where it belongs: practice, patient, message and field."""

from typing import Final
from uuid import UUID

from chassis.sealing import Part, Place, Sealer
from services.messaging.messages.rows import StoredMessage

_BODY: Final = "body"
_SUBJECT: Final = "subject"
_FILE_NAME: Final = "file_name"
_SHA256: Final = "sha256"
_HOLD_REASON: Final = "hold_reason"


class ContentSealer:
    """Seals and opens the content of one message, or draft; what belongs elsewhere raises CiphertextMoved.

    `key_id` names the content's own key, where it has one.
    """

    def __init__(self, sealer: Sealer, *place: Part, key_id: UUID | None = None) -> None:
        self._sealer = sealer
        self._place = Place.of(*place)
        self.key_id = key_id

    @classmethod
    def of(cls, message: StoredMessage, sealer: Sealer) -> "ContentSealer":
        """For a message that is stored."""
        return cls(sealer, message.practice_id, message.patient_id, message.id, key_id=message.key_id)

    @classmethod
    def of_draft(
        cls,
        sealer: Sealer,
        practice_id: UUID,
        patient_id: UUID,
        draft_id: UUID,
        *,
        key_id: UUID | None = None,
    ) -> "ContentSealer":
        """For a draft: its id becomes that of a message, but neither opens what belongs to the other."""
        return cls(sealer, "draft", practice_id, patient_id, draft_id, key_id=key_id)

    def seal_body(self, body: str) -> bytes:
        return self._sealer.seal(body.encode(), self._place, _BODY)

    def open_body(self, sealed: bytes) -> str:
        return self._sealer.open(sealed, self._place, _BODY).decode()

    def seal_subject(self, subject: str | None) -> bytes | None:
        """None, as answers have none, stays None."""
        return None if subject is None else self._sealer.seal(subject.encode(), self._place, _SUBJECT)

    def open_subject(self, sealed: bytes | None) -> str:
        """None and the nothing that is left of what was erased are empty."""
        return "" if not sealed else self._sealer.open(sealed, self._place, _SUBJECT).decode()

    def seal_file_name(self, attachment_id: UUID, file_name: str) -> bytes:
        return self._sealer.seal(file_name.encode(), self._place, _FILE_NAME, attachment_id)

    def open_file_name(self, attachment_id: UUID, sealed: bytes) -> str:
        return self._sealer.open(sealed, self._place, _FILE_NAME, attachment_id).decode()

    def seal_sha256(self, attachment_id: UUID, sha256: bytes) -> bytes:
        """Sealed too, since a hash tells whoever has a document that the patient has it."""
        return self._sealer.seal(sha256, self._place, _SHA256, attachment_id)

    def open_sha256(self, attachment_id: UUID, sealed: bytes) -> bytes:
        return self._sealer.open(sealed, self._place, _SHA256, attachment_id)

    def seal_hold_reason(self, reason: str) -> bytes:
        return self._sealer.seal(reason.encode(), self._place, _HOLD_REASON)

    def open_hold_reason(self, sealed: bytes) -> str:
        return self._sealer.open(sealed, self._place, _HOLD_REASON).decode()
