"""How long a session lasts, and how long failed logins make an address wait."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)
TOKEN_LIFETIME: Final = timedelta(seconds=60)
SMS_PROOF_LIFETIME: Final = timedelta(minutes=10)

FREE_FAILURES: Final = 5
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(minutes=15)
FAILURES_KEPT: Final = timedelta(days=1)

Holder = Literal["staff", "account"]


@dataclass(frozen=True, slots=True)
class Session:
    """One login of a staff member or of an account's person on one device."""

    id: UUID
    holder: Holder
    holder_id: UUID
    mobile_proven_at: datetime | None
    created_at: datetime
    last_used_at: datetime
    ended_at: datetime | None

    @property
    def ends_at(self) -> datetime:
        """When it ends if nobody does anything in it any more."""
        due = min(self.last_used_at + IDLE, self.created_at + LONGEST)
        return due if self.ended_at is None else min(due, self.ended_at)

    def is_open(self, now: datetime) -> bool:
        return now < self.ends_at

    def sms_proof_end(self, now: datetime) -> datetime | None:
        """Until when the number counts as proven just now; None where it was proven ten minutes ago."""
        if self.mobile_proven_at is None or now >= self.mobile_proven_at + SMS_PROOF_LIFETIME:
            return None
        return self.mobile_proven_at + SMS_PROOF_LIFETIME

    def has_fresh_sms_proof(self, now: datetime) -> bool:
        """Whether the number was proven within the last ten minutes."""
        return self.sms_proof_end(now) is not None


def token_end(session: Session, now: datetime) -> datetime:
    """A token never outlives its session."""
    return min(now + TOKEN_LIFETIME, session.ends_at)


def wait_after(failures: int) -> timedelta:
    """How long an address waits after that many failures: five are free, then it doubles up to 15 minutes."""
    if failures < FREE_FAILURES:
        return timedelta(0)
    doublings = min(failures - FREE_FAILURES, 10)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
