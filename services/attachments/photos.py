"""Which documents are photos, and what their renditions are called."""

from pathlib import PurePath

_LONGEST_NAME = 255
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\x00", b"MM\x00*", b"GIF87a", b"GIF89a")
# ISO/IEC 23008-12, annex B: the brands of HEIF files, whose pictures are coded with HEVC, AV1 or whatever;
# and Canon's raw photos.
_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis", b"crx "}
)
# The first box of files that consist of boxes, videos among them.
_BOXES = b"ftyp"
# Drawings, which no camera makes.
_VECTORS = "image/svg+xml"
_SUFFIXES = {
    "image/gif": (".gif",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/tiff": (".tif", ".tiff"),
    "image/webp": (".webp",),
}
_OTHER_SUFFIXES = frozenset({".heic", ".heif", ".hif", ".avif", ".mpo", ".bmp"})


def is_photo(head: bytes, declared: str, sniffed: str) -> bool:
    """Whether a document is a camera's picture: by its first bytes, or as declared if they say no other."""
    if _begins_as_photo(head):
        return True
    claims = declared.startswith("image/") and declared != _VECTORS
    return claims and (not sniffed or sniffed.startswith("image/") or head[4:8] == _BOXES)


def _begins_as_photo(head: bytes) -> bool:
    """Whether these are the first bytes of a JPEG, PNG, TIFF, WebP, GIF, HEIC or AVIF."""
    if head.startswith(_SIGNATURES):
        return True
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return True
    return head[4:8] == _BOXES and not _HEIF_BRANDS.isdisjoint(_brands(head))


def _brands(head: bytes) -> set[bytes]:
    """ISO/IEC 14496-12, 4.3: the brand of the file, its version, and further brands."""
    size = min(int.from_bytes(head[:4]), len(head))
    return {head[start : start + 4] for start in range(8, size, 4)}


def rendition_name(file_name: str, media_type: str) -> str:
    """The photo's name, with the suffix of what it has become."""
    suffixes = _SUFFIXES[media_type]
    suffix = PurePath(file_name).suffix.lower()
    if suffix in suffixes:
        return file_name
    known = suffix in _OTHER_SUFFIXES or any(suffix in each for each in _SUFFIXES.values())
    renamed = (file_name[: -len(suffix)] if known else file_name) + suffixes[0]
    return renamed if len(renamed.encode()) <= _LONGEST_NAME else file_name
