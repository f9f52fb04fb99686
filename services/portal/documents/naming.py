"""File names and media types on their way through HTTP headers."""

import re
import unicodedata
from typing import Final
from urllib.parse import quote, unquote_to_bytes

UNKNOWN_TYPE: Final = "application/octet-stream"
_LONGEST_NAME: Final = 255
# RFC 6838, section 4.2.
_MEDIA_TYPE: Final = re.compile(
    r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}", re.ASCII
)
# What a browser could run or follow, were it ever shown.
_ACTIVE: Final = re.compile(r"html|xml|script|svg|xsl|flash|mhtml|multipart|rfc822")
# RFC 8187, section 3.2.1: what may stand unencoded in filename*, beside letters and digits.
_PLAIN: Final = "!#$&+-.^_`|~"
_SURE: Final = re.compile(r"[^A-Za-z0-9 ._()+,=@-]", re.ASCII)


def decoded_name(header: str) -> str | None:
    """The file name from a header in which a script encoded it (encodeURIComponent); None where it is none.

    Whether attachments takes such a name is its decision.
    """
    try:
        name = unquote_to_bytes(header).decode()
    except ValueError:
        return None
    name = unicodedata.normalize("NFC", name)
    return name if name and len(name.encode()) <= _LONGEST_NAME else None


def decoded_type(header: str) -> str:
    """The media type that a browser declared; empty where it is none."""
    essence = header.partition(";")[0].strip().lower()
    return essence if _MEDIA_TYPE.fullmatch(essence) else ""


def download_type(media_type: str) -> str:
    """The type to serve a download with: nothing that a browser would run."""
    known = decoded_type(media_type)
    return known if known and not _ACTIVE.search(known) else UNKNOWN_TYPE


def as_download(file_name: str) -> str:
    """Content-Disposition with the name in full (RFC 6266, RFC 8187) and a plain one for programs that read
    only that."""
    plain = _SURE.sub("_", unicodedata.normalize("NFKD", file_name)) or "_"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe=_PLAIN)}"
