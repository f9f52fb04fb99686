"""How long a message takes from the call that sends it to the mail server's acceptance of its prompt."""

from __future__ import annotations

import math
import statistics
import time
from dataclasses import dataclass

from tests.story.callers import Caller
from tests.story.cast import Contact, Practice, message_to, unique_email, unique_mobile

WANTED_P95_SECONDS = 0.5
COUNT = 100


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds, over `count` messages that were sent one after the other."""

    count: int
    median: float
    p95: float


def measure(practice: Practice, staff: Caller) -> Measured:
    """Sends one message each to COUNT new patients, each when the prompt of the one before has arrived."""
    seconds = []
    for number in range(COUNT):
        contact = Contact("Zeit", "Messung", "", unique_email("zeit"), unique_mobile())
        patient_id = practice.record(staff, contact)
        called_at = time.time()
        # One text to many patients would be held until a second staff member confirms it.
        staff.messages.SendMessage(message_to(patient_id, body=f"Messung {number} {unique_mobile()}"))
        seconds.append(practice.stage.post.prompt(contact.email).received_at.timestamp() - called_at)
    ranked = sorted(seconds)
    return Measured(COUNT, statistics.median(ranked), ranked[math.ceil(0.95 * COUNT) - 1])
