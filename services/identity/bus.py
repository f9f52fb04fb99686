"""What identity is called on the bus, and which events it wants."""

from typing import Final

SERVICE: Final = "identity"
ADDRESS_SUSPECTED: Final = "notifier.address_suspected"
NOT_FOR_ME_REPORTED: Final = "notifier.not_for_me_reported"
BINDINGS: Final = (
    ("notifier", ADDRESS_SUSPECTED),
    ("notifier", NOT_FOR_ME_REPORTED),
)
