"""What a delivery report says, and what follows from it."""

import enum
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from services.notifier.prompts.domain import Failure


class Action(enum.Enum):
    """What a mail server did with a letter (RFC 3464, section 2.3.3)."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class Report:
    """One delivery report; hosts and domain are lower case, empty where it does not tell.

    `remote_host` is the server that the reporting one handed the letter to, `domain` the recipient's.
    """

    action: Action
    status: str
    remote_host: str
    domain: str


class Finding(enum.Enum):
    """What a report is evidence of; the values stand in the database."""

    DELIVERED = "delivered"
    RELAYED = "relayed"
    DELAYED = "delayed"
    FAILED = "failed"


_STATUS: Final = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})", re.ASCII)
# RFC 3463: other or undefined, bad mailbox, bad system, syntax, ambiguous, moved, no MX for the domain.
_BAD_ADDRESS: Final = frozenset(
    {(0, 0), (1, 0), (1, 1), (1, 2), (1, 3), (1, 4), (1, 6), (1, 10), (2, 0), (2, 1), (4, 4)}
)
# Of content, protocol, security or policy: how we send is refused, not whom we send to.
_OURS: Final = frozenset({5, 6, 7})


def find(report: Report, own_servers: Collection[str]) -> Finding:
    """What the report is evidence of; `own_servers` are those that take mail for the recipient's domain.

    That a letter was relayed shows its arrival only where it names the recipient's own server; a list or a
    forwarding that a letter was expanded to is nobody's mailbox.
    """
    match report.action:
        case Action.DELIVERED:
            return Finding.DELIVERED
        case Action.DELAYED:
            return Finding.DELAYED
        case Action.FAILED:
            return Finding.FAILED
        case Action.RELAYED if _is_own(report, own_servers):
            return Finding.DELIVERED
        case _:
            return Finding.RELAYED


def why(report: Report) -> Failure:
    """Why a letter came back."""
    level, subject, detail = _parts(report.status)
    if level == 5 and (subject, detail) in _BAD_ADDRESS:
        return Failure.ADDRESS_REFUSED
    return Failure.OWN_FAULT if level == 5 and subject in _OURS else Failure.EXPIRED


def is_hard(report: Report) -> bool:
    """Whether the report shows that nobody can be reached at the address."""
    return report.action is Action.FAILED and why(report) is Failure.ADDRESS_REFUSED


def _is_own(report: Report, own_servers: Collection[str]) -> bool:
    if not report.remote_host:
        return False
    within = bool(report.domain) and f".{report.remote_host}".endswith(f".{report.domain}")
    return within or report.remote_host in own_servers


def _parts(status: str) -> tuple[int, int, int]:
    found = _STATUS.fullmatch(status)
    return (5, 0, 0) if found is None else (int(found[1]), int(found[2]), int(found[3]))
