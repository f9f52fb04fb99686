"""The services, and the processes that each of them consists of here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `has_keys`: it keeps patients' keys, in a database of their own."""

    name: str
    kinds: tuple[str, ...]
    has_keys: bool


SERVICES = (
    Service("identity", ("api", "worker", "intake"), has_keys=True),
    Service("messaging", ("api", "worker", "intake"), has_keys=True),
    Service("attachments", ("api", "worker"), has_keys=True),
    Service("notifier", ("api", "worker", "intake", "bounce"), has_keys=False),
)
# Whoever calls a service in the platform's own name.
ACCOUNT_ROLES = ("operator", "portal", *(service.name for service in SERVICES))
