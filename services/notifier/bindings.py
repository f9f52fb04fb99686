"""What the notifier is called on the bus, and which events it wants."""

from typing import Final

SERVICE: Final = "notifier"
MESSAGE_SENT: Final = "messaging.message_sent"
BINDINGS: Final = (("messaging", MESSAGE_SENT),)
