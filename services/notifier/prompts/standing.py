"""How a patient stands as far as prompts are concerned: nothing may be sent, or nothing to this address."""

import enum
from dataclasses import dataclass, replace
from datetime import datetime


class Reason(enum.Enum):
    """Why an address is suspect; the values stand in the database."""

    BOUNCED = "bounced"
    NOT_FOR_ME = "not_for_me"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The address of this contact version is suspect.

    `since_record` is the newest record of identity's that was known when it began. `marked_record` and
    `cleared_record` are the newest ones after it that call the address suspect, or not; 0 where none did.
    """

    contact_version: int
    reason: Reason
    at: datetime
    since_record: int
    marked_record: int = 0
    cleared_record: int = 0

    @property
    def is_cleared(self) -> bool:
        """Identity learnt of the suspicion, and somebody confirmed the address afterwards.

        A record from before identity learnt of it is not marked either, and says nothing.
        """
        return 0 < self.marked_record < self.cleared_record


@dataclass(frozen=True, slots=True)
class Record:
    """What identity says of the patient's record; they come in any order, a higher version is newer."""

    version: int
    contact_version: int
    stopped: bool
    marked_suspect: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a patient. `stopped`: objected, died or archived."""

    window_ends_at: datetime | None = None
    record_version: int = 0
    contact_version: int = 0
    stopped: bool = False
    suspicion: Suspicion | None = None

    def is_suspect(self, contact_version: int) -> bool:
        """Whether nothing may go to the address of this contact version."""
        return self.suspicion is not None and self.suspicion.contact_version == contact_version


def learnt(standing: Standing, record: Record) -> Standing:
    """The standing after a record came."""
    if record.version > standing.record_version:
        standing = replace(
            standing,
            record_version=record.version,
            contact_version=max(record.contact_version, standing.contact_version),
            stopped=record.stopped,
        )
    suspicion = standing.suspicion
    if suspicion is None or record.version <= suspicion.since_record:
        return standing
    if record.marked_suspect:
        suspicion = replace(suspicion, marked_record=max(suspicion.marked_record, record.version))
    else:
        suspicion = replace(suspicion, cleared_record=max(suspicion.cleared_record, record.version))
    return replace(standing, suspicion=None if suspicion.is_cleared else suspicion)


def suspected(standing: Standing, contact_version: int, reason: Reason, now: datetime) -> Standing | None:
    """The standing with this suspicion; None where it is known already, or about an older address."""
    known = standing.suspicion.contact_version if standing.suspicion is not None else 0
    if contact_version <= known or contact_version < standing.contact_version:
        return None
    return replace(
        standing, suspicion=Suspicion(contact_version, reason, now, since_record=standing.record_version)
    )
