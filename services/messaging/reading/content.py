"""Opens what is sealed: the subjects of lists, and the whole content of single messages."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.messaging.messages.content_keys import ContentKeys, KeyOf
from services.messaging.messages.rows import StoredMessage
from services.messaging.messages.sealing import ContentSealer
from services.messaging.reading.storage import StoredContent
from services.messaging.sending.domain import Attachment


@dataclass(frozen=True, slots=True)
class Summary:
    """A message without its text, with the subject readable; answers have an empty one.

    `answered` is what an answer answers, where the list was joined with it.
    """

    message: StoredMessage
    subject: str
    answered: "Summary | None" = None


@dataclass(frozen=True, slots=True)
class Content:
    """A message with everything readable."""

    summary: Summary
    body: str
    attachments: tuple[Attachment, ...]


class ContentReader:
    """Opens content with its keys; a ciphertext that was moved raises CiphertextMoved."""

    def __init__(self, keys: ContentKeys) -> None:
        self._keys = keys

    async def summaries(self, messages: Sequence[StoredMessage]) -> list[Summary]:
        """The messages with their subjects; all keys come together, and none for what has no subject."""
        keys = [_key_of(each) if each.sealed_subject else None for each in messages]
        sealers = await self._keys.sealers({key for key in keys if key is not None})
        return [
            Summary(
                each,
                ContentSealer.of(each, sealers[key]).open_subject(each.sealed_subject)
                if key is not None
                else "",
            )
            for each, key in zip(messages, keys, strict=True)
        ]

    async def contents(self, stored: Sequence[StoredContent]) -> list[Content]:
        """The messages with their texts and their attachments' names; all keys come together."""
        sealers = await self._keys.sealers({_key_of(each.message) for each in stored})
        return [
            _content(each, ContentSealer.of(each.message, sealers[_key_of(each.message)])) for each in stored
        ]


def _content(stored: StoredContent, opener: ContentSealer) -> Content:
    return Content(
        Summary(stored.message, opener.open_subject(stored.message.sealed_subject)),
        opener.open_body(stored.sealed_body),
        tuple(
            Attachment(
                each.id,
                opener.open_file_name(each.id, each.sealed_file_name),
                each.media_type,
                each.size,
                opener.open_sha256(each.id, each.sealed_sha256),
            )
            for each in stored.attachments
        ),
    )


def _key_of(message: StoredMessage) -> KeyOf:
    return KeyOf(message.patient_id, message.key_id)
