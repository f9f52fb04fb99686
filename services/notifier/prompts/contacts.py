"""Where a prompt goes: asked of identity for every attempt, and kept nowhere."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from services.notifier.language import Language


@dataclass(frozen=True, slots=True)
class Contact:
    """What identity says of a patient; `practice` is the name for prompts, `phone` may be empty."""

    email: str
    version: int
    language: Language
    practice: str
    phone: str


class ContactMissing(Exception):
    """The patient's record is gone, or has no address any more."""


class ContactsUnavailable(Exception):
    """Identity can't be asked just now."""


class Contacts(Protocol):
    """Identity, as the sender of prompts needs it."""

    async def resolve(self, practice_id: UUID, patient_id: UUID) -> Contact:
        """Return the patient's contact. Raises ContactMissing and ContactsUnavailable."""
