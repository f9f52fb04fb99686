"""Makes the bytes of a letter: the same headers in the same order, whatever the names in them are."""

import re
import unicodedata
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.utils import format_datetime
from typing import Final
from uuid import UUID

from services.notifier.mail.address import domain_of, is_plain_address
from services.notifier.mail.return_path import return_path

# Controls, lone surrogates, and what Unicode calls line and paragraph separators.
_FORBIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
# EmailMessage would parse each header that it writes itself: three times the work.
_POLICY: Final = policy.compat32.clone(linesep="\r\n", mangle_from_=False)
_PLAIN_WORDS: Final = re.compile(r"(?=.{1,60}$)[A-Za-z0-9-]+(?: [A-Za-z0-9-]+)*", re.ASCII)


class UnusableAddress(Exception):
    """The recipient's address can't stand in an envelope."""


class UnusableText(Exception):
    """A name or subject holds what must not stand in a header."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a letter says."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose name stands on a letter, and the address that it comes from."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """A finished letter as the relay takes it: return path, one recipient, bytes with CRLF line ends.

    `id` is what delivery reports shall call it; None where no report is wanted.
    """

    return_path: str
    recipient: str
    content: bytes
    id: str | None = None


def compose(
    letter_id: UUID, sender: Sender, recipient: str, content: Content, now: datetime, *, reports: bool = False
) -> Envelope:
    """Compose one letter to one recipient. Raises UnusableAddress and UnusableText.

    The same letter tried again has the same id, and so the same Message-ID and return path. `reports`: mail
    servers on the way are asked to tell what becomes of it.
    """
    if not is_plain_address(recipient):
        raise UnusableAddress
    domain = domain_of(sender.address)
    headers = {
        "Date": format_datetime(now),
        "From": f"{_words('From', sender.name)} <{sender.address}>",
        "To": recipient,
        "Subject": _words("Subject", content.subject),
        "Message-ID": f"<{letter_id}@{domain}>",
        "Auto-Submitted": "auto-generated",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    # A variable envelope return path (VERP): a bounce names the letter, and nobody.
    return Envelope(
        return_path(letter_id, domain),
        recipient,
        head.encode("ascii") + _body(content, f"=_{letter_id.hex}"),
        letter_id.hex if reports else None,
    )


def _body(content: Content, boundary: str) -> bytes:
    """The boundary begins with what is no quoted-printable (RFC 2045, section 6.7), so it is in no part."""
    parts = [_part(content.text, "plain"), _part(content.html, "html")]
    return MIMEMultipart("alternative", boundary, parts).as_bytes(policy=_POLICY)


def _part(text: str, subtype: str) -> MIMENonMultipart:
    part = MIMENonMultipart("text", subtype, charset="utf-8")
    part["Content-Transfer-Encoding"] = "quoted-printable"
    part.set_payload(b2a_qp(text.encode(), istext=True).decode("ascii"))
    return part


def _words(header: str, value: str) -> str:
    """Write the value as encoded words (RFC 2047), in which no character means anything, unless it is plain.

    EmailMessage would decode encoded words that it is given, and write line breaks in them into the headers.
    """
    if any(unicodedata.category(character) in _FORBIDDEN_CATEGORIES for character in value):
        raise UnusableText
    if _PLAIN_WORDS.fullmatch(value):
        return value
    return Header(value, "utf-8", header_name=header).encode(linesep="\r\n")
