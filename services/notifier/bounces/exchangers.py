"""Which servers take mail for a domain, asked of the DNS."""

from typing import Final, Protocol

from dns.asyncresolver import Resolver
from dns.exception import DNSException

from chassis import logs

_PATIENCE: Final = 5.0
_LOG = logs.get(__name__)


class Exchangers(Protocol):
    """Who knows the mail servers of domains."""

    async def of(self, domain: str) -> frozenset[str]:
        """The names of the domain's mail servers, lower case; none where they cannot be found out."""


class DnsExchangers:
    """The MX records of the domain."""

    async def of(self, domain: str) -> frozenset[str]:
        """The names of the domain's mail servers, lower case; none where they cannot be found out."""
        if not domain:
            return frozenset()
        try:
            answer = await Resolver().resolve(domain, "MX", lifetime=_PATIENCE)
        except (DNSException, OSError) as error:
            _LOG.info("mail servers of a domain not found", error=error)
            return frozenset()
        return frozenset(str(record.exchange).rstrip(".").lower() for record in answer)
