"""How often one client address may try what costs us something: codes, logins, reports."""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address
from typing import Final

from starlette.requests import Request

_REMEMBERED: Final = 50_000


@dataclass(frozen=True, slots=True)
class TooOften:
    """The answer to one try too many: when to come again."""

    seconds: int


class AddressLimit:
    """At most `count` tries within `window` from one client address, in this process; it remembers a
    bounded number of them.

    identity limits by what was typed; this one keeps a single client from trying many.
    """

    def __init__(self, count: int, window: timedelta, monotonic: Callable[[], float]) -> None:
        self._count = count
        self._window = window.total_seconds()
        self._monotonic = monotonic
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, client: str) -> TooOften | None:
        """Count a try; says how long to wait where it was one too many."""
        now = self._monotonic()
        tries = self._tries.setdefault(client, deque())
        self._tries.move_to_end(client)
        while tries and tries[0] <= now - self._window:
            tries.popleft()
        if len(tries) >= self._count:
            return TooOften(int(tries[0] + self._window - now) + 1)
        tries.append(now)
        while len(self._tries) > _REMEMBERED:
            self._tries.popitem(last=False)
        return None

    def give_back(self, client: str) -> None:
        """Do not count the last try: it was a good one. A large practice comes in by one address."""
        tries = self._tries.get(client)
        if tries:
            tries.pop()


def client_network(request: Request, trusted_proxies: int) -> str:
    """Whom a limit counts: the client's IPv4 address, or the /64 of its IPv6 address, since a household has
    all of that.

    Proxies append the address that they saw to X-Forwarded-For, or add a line of that name, which means the
    same (RFC 9110, section 5.3); what stands before the last `trusted_proxies` is the client's word.
    """
    address = request.client.host if request.client is not None else ""
    if trusted_proxies > 0:
        lines = ",".join(request.headers.getlist("x-forwarded-for"))
        seen = [part.strip() for part in lines.split(",") if part.strip()]
        address = seen[-trusted_proxies] if len(seen) >= trusted_proxies else address
    try:
        known = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(known, IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return str(IPv6Address(int(known) >> 64 << 64))
    return str(known)
