"""Opens and seals drafts with their patients' keys."""

from collections.abc import Sequence

from chassis.keys import Keys
from services.messaging.drafts.domain import DraftContent, DraftHead, SavedDraft
from services.messaging.drafts.storage import StoredDraft
from services.messaging.messages.sealing import ContentSealer
from services.messaging.sending.domain import Attachment


class DraftSealing:
    """What was moved from another draft, or from a message, raises CiphertextMoved."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def sealer(self, head: DraftHead) -> ContentSealer:
        """For one draft."""
        key = await self._keys.sealer(head.patient_id)
        return ContentSealer.of_draft(key, head.practice_id, head.patient_id, head.id)

    async def subjects(self, drafts: Sequence[StoredDraft]) -> list[str]:
        """The subjects of a list; all keys come in one round trip."""
        keys = await self._keys.sealers({each.head.patient_id for each in drafts})
        return [
            ContentSealer.of_draft(
                keys[each.head.patient_id], each.head.practice_id, each.head.patient_id, each.head.id
            ).open_subject(each.sealed_subject)
            for each in drafts
        ]

    async def opened(self, stored: StoredDraft) -> SavedDraft:
        """The draft with everything readable."""
        opener = await self.sealer(stored.head)
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
