"""Tells a document's media type from its first bytes."""

import puremagic

# Signatures reach this far; more of a document is never looked at.
HEAD_SIZE = 65_536
# Shorter signatures are met by chance.
_SHORTEST_SIGNATURE = 3
# Signatures that many formats share, with the one that is meant if none of the others was declared.
_PLAIN_FORMATS = {b"PK\x03\x04": "application/zip", b"%PDF": "application/pdf", b"<?xml": "application/xml"}


def sniff(head: bytes, declared: str) -> str:
    """The media type of a document that begins so, or an empty string if its first bytes do not tell.

    Where they fit several formats (an office document is a ZIP archive, too) the declared type decides.
    """
    signature, media_types = _candidates(head)
    if declared in media_types:
        return declared
    if len(media_types) == 1:
        return media_types.pop()
    return _PLAIN_FORMATS.get(signature, "")


def _candidates(head: bytes) -> tuple[bytes, set[str]]:
    """The longest signature that fits and has a media type, and all media types it stands for."""
    matches = [match for match in _matches(head) if match.mime_type]
    longest = max((match.byte_match for match in matches), key=len, default=b"")
    if len(longest) < _SHORTEST_SIGNATURE:
        return b"", set()
    return longest, {match.mime_type.lower() for match in matches if match.byte_match == longest}


def _matches(head: bytes) -> list[puremagic.PureMagicWithConfidence]:
    try:
        return puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return []
