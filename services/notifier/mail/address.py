"""Which e-mail addresses a letter may go to: one plain address, whatever was typed into a record."""

import re
from typing import Final

_LONGEST: Final = 254  # RFC 5321, section 4.5.3.1.3, without the brackets
# Quoted local parts, comments, groups and lists are refused: legal or not, they are how headers get forged.
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_PLAIN: Final = re.compile(rf"(?=.{{1,64}}@){_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*", re.ASCII)


def is_plain_address(value: str) -> bool:
    """Say whether the value is one address that can stand in any envelope and header as it is.

    ASCII only: identity takes no address that would need SMTPUTF8 (RFC 6531), and gives domains in IDNA.
    """
    return len(value) <= _LONGEST and _PLAIN.fullmatch(value) is not None


def domain_of(address: str) -> str:
    """The part after the @."""
    return address.rpartition("@")[2]
