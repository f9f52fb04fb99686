"""The event with which the notifier is asked for a prompt."""

import enum
from datetime import datetime
from typing import Final

from chassis.events import Event
from praxispost.messaging.v1.events_pb2 import PromptReason, PromptWanted
from services.messaging.messages.rows import StoredMessage

# A message is sent, and then perhaps prompted anew any number of times: each is a wish of its own.
_VERSION: Final = 2


class Why(enum.IntEnum):
    """Why a prompt is wanted; the numbers are the contract's."""

    CONTACT_CHANGED = 1
    ASKED_AGAIN = 2
    RELEASED = 3


def prompt_wanted(message: StoredMessage, contact_version: int, why: Why, now: datetime) -> Event:
    """Tell the patient that this message waits; `contact_version` is the one known here, 0 without any."""
    return Event(
        type="messaging.prompt_wanted",
        tenant_id=message.practice_id,
        aggregate_id=message.id,
        aggregate_version=_VERSION,
        occurred_at=now,
        data=PromptWanted(
            patient_id=str(message.patient_id),
            conversation_id=str(message.conversation_id),
            contact_version=contact_version,
            reason=PromptReason.ValueType(why),
        ),
    )
