"""What messaging is called on the bus, and which events it wants."""

from typing import Final

SERVICE: Final = "messaging"
PATIENT_CHANGED: Final = "identity.patient_changed"
PROMPT_ACCEPTED: Final = "notifier.prompt_accepted"
PROMPT_DELIVERED: Final = "notifier.prompt_delivered"
PROMPT_DELAYED: Final = "notifier.prompt_delayed"
PROMPT_FAILED: Final = "notifier.prompt_failed"
ATTACHMENT_OPENED: Final = "attachments.attachment_opened"
STAFF_DISABLED: Final = "identity.staff_disabled"
STAFF_ENABLED: Final = "identity.staff_enabled"
TASK_OPENED: Final = "identity.task_opened"
TASK_CLOSED: Final = "identity.task_closed"
BINDINGS: Final = (
    ("identity", PATIENT_CHANGED),
    ("identity", STAFF_DISABLED),
    ("identity", STAFF_ENABLED),
    ("identity", TASK_OPENED),
    ("identity", TASK_CLOSED),
    ("notifier", PROMPT_ACCEPTED),
    ("notifier", PROMPT_DELIVERED),
    ("notifier", PROMPT_DELAYED),
    ("notifier", PROMPT_FAILED),
    ("attachments", ATTACHMENT_OPENED),
)
