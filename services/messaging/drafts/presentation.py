"""Drafts as the contract carries them."""

from collections.abc import Mapping
from uuid import UUID

from praxispost.messaging.v1 import drafts_pb2 as wire
from praxispost.messaging.v1 import messaging_pb2
from services.messaging.drafts.domain import DraftHead, SavedDraft
from services.messaging.drafts.reading import DraftLine
from services.messaging.messages.domain import Purpose
from services.messaging.presentation import attachment
from services.messaging.times import optional_timestamp, timestamp


def line(shown: DraftLine) -> wire.DraftSummary:
    """A draft in the list."""
    stored = shown.draft
    return _summary(stored.head, stored.purpose, shown.subject, stored.attachment_count)


def draft(saved: SavedDraft, grants: Mapping[UUID, str]) -> wire.Draft:
    """A draft with its text and, for each attachment, the grant to download it."""
    content = saved.content
    return wire.Draft(
        summary=_summary(saved.head, content.purpose, content.subject, len(saved.attachments)),
        content=wire.DraftContent(
            purpose=_purpose(content.purpose),
            subject=content.subject,
            body=content.body,
            reply_allowed=content.reply_allowed,
            reply_period_days=content.reply_period_days,
            read_by=optional_timestamp(content.read_by),
            attachment_ids=[str(each.id) for each in saved.attachments],
        ),
        attachments=[attachment(each, grants[each.id]) for each in saved.attachments],
    )


def _summary(head: DraftHead, purpose: Purpose | None, subject: str, attachments: int) -> wire.DraftSummary:
    return wire.DraftSummary(
        id=str(head.id),
        patient_id=str(head.patient_id),
        version=head.version,
        purpose=_purpose(purpose),
        subject=subject,
        attachment_count=attachments,
        created_by=str(head.created_by),
        created_at=timestamp(head.created_at),
        saved_by=str(head.saved_by),
        saved_at=timestamp(head.saved_at),
    )


def _purpose(purpose: Purpose | None) -> messaging_pb2.Purpose.ValueType:
    return messaging_pb2.Purpose.ValueType(purpose or 0)
