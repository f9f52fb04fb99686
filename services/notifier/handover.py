"""What came of handing something over to a channel, the mail relay or the SMS gateway."""

import enum
from dataclasses import dataclass


class Verdict(enum.Enum):
    """How a handover ended; only the first two are final, the others may be tried again."""

    ACCEPTED = "accepted"
    RECIPIENT_REFUSED = "recipient_refused"
    DEFERRED = "deferred"
    CHANNEL_UNAVAILABLE = "channel_unavailable"
    OWN_FAULT = "own_fault"


@dataclass(frozen=True, slots=True)
class Handover:
    """The verdict and the channel's status code, if any; not its text, which may hold the address."""

    verdict: Verdict
    code: int | None = None
