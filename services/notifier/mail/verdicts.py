"""Whose fault a reply of the mail relay is: the recipient's, ours, or nobody's for now."""

import enum
import re
from typing import Final

from services.notifier.handover import Handover, Verdict

_ENHANCED: Final = re.compile(r"[245]\.(\d{1,3})\.\d{1,3}(?=\s|$)", re.ASCII)
_ADDRESSING: Final = 1
_MAILBOX: Final = 2
_SECURITY_OR_POLICY: Final = 7
# Replies to RCPT that speak of our commands or our login, not of the address (RFC 5321, 4.2.3; RFC 4954).
_NOT_ABOUT_THE_RECIPIENT: Final = frozenset({500, 502, 503, 504, 530, 534, 535, 538})
_GOING_AWAY: Final = 421


class Step(enum.Enum):
    """The part of an SMTP session that a reply belongs to."""

    GREETING = "greeting"
    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"


def judge(step: Step, code: int, text: str) -> Handover:
    """Judge a reply that was no success; of its text only the enhanced status code (RFC 3463) is read."""
    if code == _GOING_AWAY or not 400 <= code <= 599:
        return Handover(Verdict.CHANNEL_UNAVAILABLE, _shown(code))
    if code < 500:
        about_the_channel = step is Step.GREETING
        return Handover(Verdict.CHANNEL_UNAVAILABLE if about_the_channel else Verdict.DEFERRED, code)
    return Handover(_permanent(step, code, _subject(text)), code)


def _permanent(step: Step, code: int, subject: int | None) -> Verdict:
    if step is Step.RECIPIENT:
        # "5.7.1 Relay access denied" means our login or the relay's set-up: it condemns no address.
        ours = code in _NOT_ABOUT_THE_RECIPIENT or subject == _SECURITY_OR_POLICY
        return Verdict.OWN_FAULT if ours else Verdict.RECIPIENT_REFUSED
    # A relay that takes RCPT and then refuses the content speaks of the letter (size, spam, policy): ours.
    # Only where it says that it means the address or the mailbox, of the one recipient, do we believe it.
    if step is Step.CONTENT and subject in (_ADDRESSING, _MAILBOX):
        return Verdict.RECIPIENT_REFUSED
    return Verdict.OWN_FAULT


def _subject(text: str) -> int | None:
    found = _ENHANCED.match(text)
    return int(found.group(1)) if found else None


def _shown(code: int) -> int | None:
    return code if 100 <= code <= 599 else None
