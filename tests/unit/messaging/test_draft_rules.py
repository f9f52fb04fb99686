"""Which version of a draft may be replaced, which id its message has, and which attachments it keeps."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from chassis.refusal import Refusal
from services.messaging.drafts.domain import DraftHead, arranged, check_version, draft_id
from services.messaging.messages.domain import message_id
from services.messaging.sending.domain import Attachment

_NOW = datetime(2026, 3, 1, tzinfo=UTC)
_ONE, _TWO, _THREE = (UUID(int=number) for number in (1, 2, 3))


def _document(document_id: UUID) -> Attachment:
    return Attachment(document_id, "a.pdf", "application/pdf", 1, b"\1" * 32)


def test_only_the_newest_version_can_be_replaced() -> None:
    head = DraftHead(_ONE, _TWO, _THREE, 2, _ONE, _NOW, _ONE, _NOW)
    check_version(head, 2)
    for version in (1, 3):
        with pytest.raises(Refusal, match="DRAFT_CHANGED") as refused:
            check_version(head, version)
        assert refused.value.metadata == {"version": "2"}


def test_a_drafts_id_is_that_of_no_message_that_the_same_request_would_make() -> None:
    assert draft_id(_ONE, _TWO, _THREE) == draft_id(_ONE, _TWO, _THREE)
    others = {message_id(_ONE, _TWO, _THREE), draft_id(_TWO, _ONE, _THREE), draft_id(_ONE, _TWO, _ONE)}
    assert draft_id(_ONE, _TWO, _THREE) not in others


def test_attachments_stand_in_the_order_wanted_and_what_is_not_wanted_goes() -> None:
    kept = arranged((_THREE, _ONE), (_document(_ONE), _document(_TWO)), (_document(_THREE),))
    assert [each.id for each in kept] == [_THREE, _ONE]
