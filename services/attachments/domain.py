"""The rules of documents: what a header may say, who uploads for whom, what may be claimed, when they go."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from chassis.caller import Caller
from chassis.refusal import invalid
from services.attachments import refusals

UNKNOWN_TYPE = "application/octet-stream"
LIFETIME_UNCLAIMED = timedelta(hours=24)
_LONGEST_FILE_NAME = 255
_LONGEST_MEDIA_TYPE = 255
_SHA256_SIZE = 32
_CHUNK = 65_536
_LARGEST_CHUNK = 524_288
_PATH_SEPARATORS = frozenset("/\\")
# Unicode's Bidi_Control: they can make "exe.pdf" of a name that ends otherwise.
_BIDI_FORMATTING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_CONTROL = frozenset({"Cc", "Zl", "Zp"})
# RFC 6838, section 4.2.
_NAME = r"[a-z0-9][a-z0-9!#$&\-^_.+]{0,126}"
_MEDIA_TYPE = re.compile(rf"{_NAME}/{_NAME}", re.ASCII)


class State(StrEnum):
    """What a document is at: coming, waiting for a message, tied to one, confirmed with it, or going."""

    UPLOADING = "uploading"
    READY = "ready"
    CLAIMED = "claimed"
    ATTACHED = "attached"
    DELETING = "deleting"


class Side(StrEnum):
    """Whose a document is."""

    PRACTICE = "practice"
    PATIENT = "patient"


@dataclass(frozen=True, slots=True)
class Header:
    """What is said of a document before its bytes come; size and hash are None where not declared."""

    request_id: UUID
    practice_id: UUID
    patient_id: UUID
    file_name: str
    media_type: str
    size: int | None
    sha256: bytes | None
    keep_original: bool = False


@dataclass(frozen=True, slots=True)
class Content:
    """What is known of a document once all its bytes have come."""

    size: int
    sha256: bytes
    sniffed_type: str
    is_photo: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A message's wish for documents."""

    practice_id: UUID
    patient_id: UUID
    message_id: UUID
    uploader_id: UUID
    attachment_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Holding:
    """What decides whether a document may be claimed."""

    id: UUID
    patient_id: UUID
    uploader_id: UUID
    state: State
    message_id: UUID | None


def checked_file_name(field: str, name: str) -> str:
    """The name if it is one: 1 to 255 bytes of UTF-8 that neither lead elsewhere nor look like another."""
    if not name.strip():
        raise invalid(field, "is required")
    if len(name.encode()) > _LONGEST_FILE_NAME:
        raise invalid(field, f"must have 1 to {_LONGEST_FILE_NAME} bytes")
    if name in {".", ".."} or not _PATH_SEPARATORS.isdisjoint(name):
        raise invalid(field, "must be a name, not a path")
    if any(unicodedata.category(character) in _CONTROL for character in name):
        raise invalid(field, "must not contain control characters")
    if not _BIDI_FORMATTING.isdisjoint(name):
        raise invalid(field, "must not contain bidirectional formatting characters")
    return name


def checked_media_type(field: str, media_type: str) -> str:
    """The media type in lower case, without parameters; nothing given is application/octet-stream."""
    if not media_type:
        return UNKNOWN_TYPE
    essence = media_type.partition(";")[0].strip().lower()
    if len(media_type) > _LONGEST_MEDIA_TYPE or not _MEDIA_TYPE.fullmatch(essence):
        raise invalid(field, "must be a media type, such as application/pdf")
    return essence


def checked_size(field: str, size: int) -> int | None:
    """The declared size, or None."""
    if size < 0:
        raise invalid(field, "must not be negative")
    return size or None


def checked_chunk_size(field: str, size: int) -> int:
    """The most bytes that a chunk of a download may have: 64 KiB unless more is wished."""
    if size and not _CHUNK <= size <= _LARGEST_CHUNK:
        raise invalid(field, f"must be 0, or {_CHUNK} to {_LARGEST_CHUNK}")
    return size or _CHUNK


def checked_sha256(field: str, sha256: bytes) -> bytes | None:
    """The declared hash, or None."""
    if len(sha256) not in {0, _SHA256_SIZE}:
        raise invalid(field, f"must have {_SHA256_SIZE} bytes")
    return sha256 or None


def check_may_upload(caller: Caller, practice_id: UUID | None, patient_id: UUID) -> UUID:
    """The practice whose patient the document is for; refuses any other than the caller's own.

    Whether the practice has such a patient is messaging's to know: it asks before it claims.
    """
    if caller.tenant_id is not None:
        if practice_id not in {None, caller.tenant_id}:
            raise refusals.patient_not_found()
        return caller.tenant_id
    for entitlement in caller.entitlements:
        if (entitlement.tenant_id, entitlement.subject_id) == (practice_id, patient_id):
            return entitlement.tenant_id
    raise refusals.patient_not_found()


def side_of(caller: Caller) -> Side:
    """The side on which the caller stands."""
    return Side.PATIENT if caller.role == "account" else Side.PRACTICE


def keeps_original(caller: Caller, header: Header) -> bool:
    """Whether the practice may keep a photo as it came: its own, or a patient's who agreed."""
    return side_of(caller) is Side.PRACTICE or header.keep_original


def check_content(header: Header, content: Content) -> None:
    """Refuses content that is empty or not what was declared."""
    if content.size == 0:
        raise refusals.attachment_empty()
    if header.size not in {None, content.size}:
        raise refusals.size_mismatch()
    if header.sha256 not in {None, content.sha256}:
        raise refusals.hash_mismatch()


def check_claim(claim: Claim, found: dict[UUID, Holding]) -> None:
    """Refuses unless every document is the uploader's, for that patient, and free or this message's own."""
    for attachment_id in claim.attachment_ids:
        holding = found.get(attachment_id)
        if holding is None or not _may_claim(claim, holding):
            raise refusals.attachment_not_found(attachment_id)


def _may_claim(claim: Claim, holding: Holding) -> bool:
    if (holding.patient_id, holding.uploader_id) != (claim.patient_id, claim.uploader_id):
        return False
    if holding.state is State.READY:
        return True
    return holding.state in {State.CLAIMED, State.ATTACHED} and holding.message_id == claim.message_id


def served_type(declared: str, sniffed: str) -> str:
    """The media type to serve a document with."""
    return sniffed or declared


def expires_at(created_at: datetime) -> datetime:
    """When a document is deleted unless a message claims it."""
    return created_at + LIFETIME_UNCLAIMED
