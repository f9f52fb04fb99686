"""What a relay that offers DSN (RFC 3461) is asked to report of a letter."""

import re
from typing import Final

from services.notifier.mail.composing import Envelope

# xtext (RFC 3461, section 4): what may not stand for itself is written as + and two hexadecimal digits.
_NOT_ITSELF: Final = re.compile(r"[^!-~]|[+=]")


def mail_options(envelope: Envelope) -> tuple[str, ...]:
    """Parameters of MAIL: reports bring the headers only, and the letter's id."""
    return () if envelope.id is None else ("RET=HDRS", f"ENVID={envelope.id}")


def recipient_options(envelope: Envelope) -> tuple[str, ...]:
    """Parameters of RCPT: tell everything, or nothing where nobody would read it."""
    if envelope.id is None:
        return ("NOTIFY=NEVER",)
    return ("NOTIFY=SUCCESS,FAILURE,DELAY", f"ORCPT=rfc822;{_xtext(envelope.recipient)}")


def _xtext(value: str) -> str:
    return _NOT_ITSELF.sub(lambda found: f"+{ord(found[0]):02X}", value)
