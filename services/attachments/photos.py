"""Which documents are photos, and what their renditions are called."""

from pathlib import PurePath

_LONGEST_NAME = 255
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*")
# ISO/IEC 23008-12, annex B: the brands of HEIF files whose pictures are coded with HEVC, or with whatever.
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_SUFFIXES = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/tiff": (".tif", ".tiff"),
    "image/webp": (".webp",),
}
_OTHER_SUFFIXES = frozenset({".heic", ".heif", ".hif", ".mpo"})


def is_photo(head: bytes) -> bool:
    """Whether a document that begins so is a JPEG, PNG, TIFF, WebP or HEIC, whatever it is called."""
    if head.startswith(_SIGNATURES):
        return True
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return True
    return head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS


def rendition_name(file_name: str, media_type: str) -> str:
    """The photo's name, with the suffix of what it has become."""
    suffixes = _SUFFIXES[media_type]
    suffix = PurePath(file_name).suffix.lower()
    if suffix in suffixes:
        return file_name
    known = suffix in _OTHER_SUFFIXES or any(suffix in each for each in _SUFFIXES.values())
    renamed = (file_name[: -len(suffix)] if known else file_name) + suffixes[0]
    return renamed if len(renamed.encode()) <= _LONGEST_NAME else file_name
