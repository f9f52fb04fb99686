"""What a service account is, and who may make which."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.refusal import invalid
from services.identity.callers import PLATFORM

PRACTICE_ROLE: Final = "practice_service"
PLATFORM_ROLES: Final = frozenset({"operator", "portal", "identity", "messaging", "attachments", "notifier"})
SHORTEST_SECRET: Final = 32


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A program's login; without a practice it is the platform's."""

    id: UUID
    practice_id: UUID | None
    label: str
    role: str
    disabled: bool
    created_at: datetime

    @property
    def scope_id(self) -> UUID:
        """The tenant it is kept under."""
        return self.practice_id or PLATFORM


def role_for(field: str, wanted: str, practice_id: UUID | None) -> str:
    """Return the role of a new account; a practice has but one, the platform must name one of its own."""
    if practice_id is not None:
        if wanted not in ("", PRACTICE_ROLE):
            raise invalid(field, f"must be empty or {PRACTICE_ROLE}")
        return PRACTICE_ROLE
    if wanted not in PLATFORM_ROLES:
        raise invalid(field, "must be one of: " + ", ".join(sorted(PLATFORM_ROLES)))
    return wanted


def new_secret() -> str:
    """A secret of 256 bits, 43 characters."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> bytes:
    """What is stored instead of a secret; nobody can guess 256 bits, so it needs no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def is_secret(given: str, stored_hash: bytes) -> bool:
    """Whether it is the secret, in a time that tells nothing."""
    return hmac.compare_digest(secret_hash(given), stored_hash)
