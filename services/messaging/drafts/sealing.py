"""Opens and seals drafts with their keys."""

from collections.abc import Sequence
from uuid import UUID

from chassis.sealing import Sealer
from services.messaging.drafts.domain import DraftContent, DraftHead, SavedDraft
from services.messaging.drafts.storage import StoredDraft
from services.messaging.messages.content_keys import ContentKeys, KeyOf
from services.messaging.messages.sealing import ContentSealer
from services.messaging.sending.domain import Attachment


class DraftSealing:
    """What was moved from another draft, or from a message, raises CiphertextMoved."""

    def __init__(self, keys: ContentKeys) -> None:
        self._keys = keys

    async def new(self, head: DraftHead) -> ContentSealer:
        """For a new draft."""
        key_id, sealer = await self._keys.new(head.patient_id)
        return _of(head, sealer, key_id)

    async def sealer(self, head: DraftHead, key_id: UUID | None) -> ContentSealer:
        """For a draft that has a key."""
        return _of(head, await self._keys.sealer(KeyOf(head.patient_id, key_id)), key_id)

    async def subjects(self, drafts: Sequence[StoredDraft]) -> list[str]:
        """The subjects of a list; all keys come together."""
        sealers = await self._keys.sealers({_key_of(each) for each in drafts})
        return [
            _of(each.head, sealers[_key_of(each)], each.key_id).open_subject(each.sealed_subject)
            for each in drafts
        ]

    async def opened(self, stored: StoredDraft) -> SavedDraft:
        """The draft with everything readable."""
        opener = await self.sealer(stored.head, stored.key_id)
        content = DraftContent(
            purpose=stored.purpose,
            subject=opener.open_subject(stored.sealed_subject),
            body=opener.open_body(stored.sealed_body),
            reply_allowed=stored.reply_allowed,
            reply_period_days=stored.reply_period_days,
            read_by=stored.read_by,
        )
        attachments = tuple(
            Attachment(
                each.id,
                opener.open_file_name(each.id, each.sealed_file_name),
                each.media_type,
                each.size,
                opener.open_sha256(each.id, each.sealed_sha256),
            )
            for each in stored.attachments
        )
        return SavedDraft(stored.head, content, attachments)


def _key_of(draft: StoredDraft) -> KeyOf:
    return KeyOf(draft.head.patient_id, draft.key_id)


def _of(head: DraftHead, sealer: Sealer, key_id: UUID | None) -> ContentSealer:
    return ContentSealer.of_draft(sealer, head.practice_id, head.patient_id, head.id, key_id=key_id)
