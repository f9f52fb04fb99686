"""Messaging's tables as SQLAlchemy knows them; the migrations are what makes them."""

from services.messaging.tables.base import chassis_tables, metadata
from services.messaging.tables.conversations import (
    change,
    conversation,
    message,
    message_attachment,
    practice_sequence,
    receipt_fact,
)
from services.messaging.tables.drafts import draft, draft_attachment
from services.messaging.tables.guard import held_message, recent_text
from services.messaging.tables.patients import legal_basis, patient_state
from services.messaging.tables.work import (
    answering,
    conversation_author,
    identity_task,
    staff_state,
    unread_message,
)

__all__ = [
    "answering",
    "change",
    "chassis_tables",
    "conversation",
    "conversation_author",
    "draft",
    "draft_attachment",
    "held_message",
    "identity_task",
    "legal_basis",
    "message",
    "message_attachment",
    "metadata",
    "patient_state",
    "practice_sequence",
    "receipt_fact",
    "recent_text",
    "staff_state",
    "unread_message",
]
