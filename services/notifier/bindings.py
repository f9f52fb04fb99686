"""What the notifier is called on the bus, and which events it wants."""

from typing import Final

SERVICE: Final = "notifier"
MESSAGE_SENT: Final = "messaging.message_sent"
MESSAGE_SHOWN: Final = "messaging.message_shown"
MESSAGE_READ: Final = "messaging.message_read"
MESSAGE_WITHDRAWN: Final = "messaging.message_withdrawn"
PROMPT_WANTED: Final = "messaging.prompt_wanted"
PATIENT_CHANGED: Final = "identity.patient_changed"
BINDINGS: Final = (
    ("messaging", MESSAGE_SENT),
    ("messaging", MESSAGE_SHOWN),
    ("messaging", MESSAGE_READ),
    ("messaging", MESSAGE_WITHDRAWN),
    ("messaging", PROMPT_WANTED),
    ("identity", PATIENT_CHANGED),
)
