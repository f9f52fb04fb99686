"""The steps of a registration and how long it lasts."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

State = Literal["email_code", "sms_code", "proven"]

UNPROVEN_LIFETIME: Final = timedelta(days=1)
PROOF_LIFETIME: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True, repr=False)
class Typed:
    """What the person typed, of the password only the hash; nobody may see it in a log."""

    email: str
    mobile: str
    password_hash: str
    language: str


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration that is not completed; `mobile_proven_at` once both address and number are proven."""

    id: UUID
    email_index: bytes
    pair_index: bytes
    state: State
    mobile_proven_at: datetime | None
    expires_at: datetime
