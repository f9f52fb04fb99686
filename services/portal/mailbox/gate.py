"""How often one client may ask for codes, try them and report, all ways in together."""

from datetime import timedelta
from typing import Final

from services.portal.limits import AddressLimit, client_network
from services.portal.mailbox.trouble import Trouble, too_often
from services.portal.tools import Tools
from services.portal.visits import Visit

# A waiting room, or a mobile provider's many customers, can share one address.
_ASKED: Final = 60
_ASKED_WITHIN: Final = timedelta(minutes=15)
_TRIED: Final = 120
_REPORTED: Final = 10
_TRIED_WITHIN: Final = timedelta(minutes=5)
_REPORTED_WITHIN: Final = timedelta(minutes=10)


class Gate:
    """Counts by the client's network, what was typed aside; identity limits by that."""

    def __init__(self, tools: Tools) -> None:
        self._trusted_proxies = tools.trusted_proxies
        self._asked = AddressLimit(_ASKED, _ASKED_WITHIN, tools.monotonic)
        self._tried = AddressLimit(_TRIED, _TRIED_WITHIN, tools.monotonic)
        self._reported = AddressLimit(_REPORTED, _REPORTED_WITHIN, tools.monotonic)

    def asks(self, visit: Visit) -> Trouble | None:
        """Something that sends a code or computes a password; says why not where it was one too many."""
        return self._counted(self._asked, visit)

    def tries(self, visit: Visit) -> Trouble | None:
        """The same for a code or a birth date that is compared."""
        return self._counted(self._tried, visit)

    def reports(self, visit: Visit) -> Trouble | None:
        """The same for a report that a prompt reached the wrong person; the notifier takes few from all."""
        return self._counted(self._reported, visit)

    def _counted(self, limit: AddressLimit, visit: Visit) -> Trouble | None:
        over = limit.take(client_network(visit.request, self._trusted_proxies))
        return None if over is None else too_often(visit.words, over.seconds)
