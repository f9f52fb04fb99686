"""What other services tell messaging in the model's world: of records, and of prompts."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from google.protobuf.timestamp_pb2 import Timestamp

from praxispost.identity.v1.events_pb2 import PatientChanged
from praxispost.notifier.v1 import events_pb2
from services.messaging import bindings
from services.messaging.patients.learning import PatientEvents
from tests.integration.messaging.model import Letter, Record
from tests.integration.messaging.post import Post


@dataclass
class Others:
    """Identity and the notifier."""

    post: Post

    async def mark(self, record: Record, flag: str) -> None:
        """Identity says that the record is marked, or no more."""
        record.flags ^= {flag}
        await self._tell(record)

    async def change_contact(self, record: Record, *, has_email: bool) -> None:
        """Identity says that the record has other contact data."""
        record.has_email = has_email
        record.contact_version += 1
        await self._tell(record)

    async def prompt(self, sent: Letter, outcome: str) -> None:
        """The notifier says what became of a prompt for a message that it was told of."""
        if not sent.to_patient or sent.unsent:
            return
        at = Timestamp()
        at.FromDatetime(self.post.clock())
        known: dict[str, Any] = {"message_id": sent.id, "contact_version": sent.record.contact_version}
        kind, data = {
            "accepted": (bindings.PROMPT_ACCEPTED, events_pb2.PromptAccepted(**known, accepted_at=at)),
            "delivered": (bindings.PROMPT_DELIVERED, events_pb2.PromptDelivered(**known, delivered_at=at)),
            "failed": (bindings.PROMPT_FAILED, events_pb2.PromptFailed(**known, failed_at=at)),
        }[outcome]
        await self.post.hear_receipt(kind, sent.record.practice_id, uuid4(), 1, data)
        sent.outcomes.append((sent.record.contact_version, outcome))

    async def _tell(self, record: Record) -> None:
        record.version += 1
        known: dict[str, Any] = {
            "contact_version": record.contact_version,
            "has_email": record.has_email,
            "has_mobile": True,
            **dict.fromkeys(record.flags, True),
        }
        data = PatientChanged(**known)
        handler = PatientEvents(self.post.clock).changed
        await self.post.hear(handler, record.practice_id, record.id, record.version, data)
        flags = dict.fromkeys(record.flags, True)
        self.post.knows(
            record.practice_id,
            record.id,
            version=record.version,
            contact_version=record.contact_version,
            has_email=record.has_email,
            **flags,
        )
