"""What messaging is called on the bus, and which events it wants."""

from typing import Final

SERVICE: Final = "messaging"
PATIENT_CHANGED: Final = "identity.patient_changed"
PROMPT_ACCEPTED: Final = "notifier.prompt_accepted"
PROMPT_FAILED: Final = "notifier.prompt_failed"
BINDINGS: Final = (
    ("identity", PATIENT_CHANGED),
    ("notifier", PROMPT_ACCEPTED),
    ("notifier", PROMPT_FAILED),
)
