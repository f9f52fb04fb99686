"""The services, and the processes that each of them consists of here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Service:
    """One service. `has_keys`: it keeps patients' keys, in a database of their own.

    The portal alone has no data, and so no database; nor does it answer RPCs.
    """

    name: str
    kinds: tuple[str, ...]
    has_keys: bool
    has_data: bool = True


SERVICES = (
    Service("identity", ("api", "worker", "intake"), has_keys=True),
    Service("messaging", ("api", "worker", "intake"), has_keys=True),
    Service("attachments", ("api", "worker"), has_keys=True),
    Service("notifier", ("api", "worker", "intake", "bounce"), has_keys=False),
    Service("portal", ("web",), has_keys=False, has_data=False),
)
DATA_SERVICES = tuple(service for service in SERVICES if service.has_data)
# Whoever calls a service in the platform's own name.
ACCOUNT_ROLES = ("operator", *(service.name for service in SERVICES))
