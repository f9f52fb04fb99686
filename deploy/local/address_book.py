"""Where everything of a running local system is, for people and for programs that find it by its folder."""

import fcntl
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from deploy.local.service_accounts import ServiceAccount

_FILE = "address-book.json"


@dataclass(frozen=True, slots=True)
class Targets:
    """host:port of the services' gRPC apis, in plaintext."""

    identity: str
    messaging: str
    attachments: str
    notifier: str


@dataclass(frozen=True, slots=True)
class AddressBook:
    """Addresses and the credentials of the two programs that begin everything.

    `metrics` has the address of each process' metrics port by the process' name, such as `messaging-worker`.
    """

    folder: str
    targets: Targets
    catcher_url: str
    portal_url: str
    operator: ServiceAccount
    portal: ServiceAccount
    metrics: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Leave it where `find` looks; it holds secrets, so only its owner may read it."""
        file = folder / _FILE
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(self), indent=2) + "\n")


def find(folder: Path) -> AddressBook | None:
    """The address book of the system that runs on a data folder; None if none runs, or none is ready yet."""
    file = folder / _FILE
    if not file.exists() or not _is_in_use(folder / "lock"):
        return None
    read: dict[str, Any] = json.loads(file.read_text())
    return AddressBook(
        **read
        | {
            "targets": Targets(**read["targets"]),
            "operator": ServiceAccount(**read["operator"]),
            "portal": ServiceAccount(**read["portal"]),
        }
    )


def remove(folder: Path) -> None:
    """The system is no longer to be found."""
    (folder / _FILE).unlink(missing_ok=True)


def _is_in_use(lock: Path) -> bool:
    with lock.open("r") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False
