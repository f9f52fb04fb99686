"""Photos are told by their first bytes, and renditions are named after what they have become."""

import pytest

from services.attachments.photos import is_photo, rendition_name


@pytest.mark.parametrize(
    "head",
    [
        b"\xff\xd8\xff\xe0\x00\x10JFIF",
        b"\xff\xd8\xff\xe1\x00\x10Exif",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"II*\x00\x08\x00\x00\x00",
        b"MM\x00*\x00\x00\x00\x08",
        b"RIFF\x24\x00\x00\x00WEBPVP8 ",
        b"\x00\x00\x00\x24ftypheic\x00\x00\x00\x00",
        b"\x00\x00\x00\x1cftypxxxx\x00\x00\x00\x00mif1heic",
        b"GIF89a\x40\x00\x40\x00",
        b"\x00\x00\x00\x24ftypavif\x00\x00\x00\x00",
        b"\x00\x00\x00\x24ftypmif1\x00\x00\x00\x00",
    ],
)
def test_photos_are_told_by_their_first_bytes(head: bytes) -> None:
    assert is_photo(head, "application/octet-stream", "")


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"RIFF\x24\x00\x00\x00WAVEfmt ",
        b"\x00\x00\x00\x20ftypisom",
        b"\xff\xd8",
    ],
)
def test_other_documents_are_no_photos(head: bytes) -> None:
    assert not is_photo(head, "application/octet-stream", "")


def test_pictures_in_boxes_of_an_unknown_kind_are_photos() -> None:
    assert is_photo(b"\x00\x00\x00\x18ftypabcd\x00\x00\x00\x00", "image/heic", "video/mp4")
    assert not is_photo(b"\x00\x00\x00\x18ftypabcd\x00\x00\x00\x00", "video/mp4", "video/mp4")


@pytest.mark.parametrize(
    ("declared", "sniffed", "told"),
    [
        ("image/jpeg", "", True),
        ("image/x-adobe-dng", "", True),
        ("image/bmp", "image/bmp", True),
        ("image/jpeg", "application/pdf", False),
        ("image/svg+xml", "", False),
        ("application/octet-stream", "image/x-icon", False),
        ("text/plain", "", False),
    ],
)
def test_what_is_declared_as_a_picture_is_a_photo_unless_its_bytes_deny_it(
    declared: str, sniffed: str, told: bool
) -> None:
    assert is_photo(b"whatever", declared, sniffed) is told


@pytest.mark.parametrize(
    ("name", "media_type", "renamed"),
    [
        ("IMG_0001.HEIC", "image/jpeg", "IMG_0001.jpg"),
        ("Foto.JPG", "image/jpeg", "Foto.JPG"),
        ("Foto.jpeg", "image/jpeg", "Foto.jpeg"),
        ("Foto.png", "image/jpeg", "Foto.jpg"),
        ("Foto", "image/jpeg", "Foto.jpg"),
        ("Dr. Müller", "image/png", "Dr. Müller.png"),
        (".heic", "image/jpeg", ".heic.jpg"),
        ("scan.tiff", "image/tiff", "scan.tiff"),
        ("x" * 255, "image/jpeg", "x" * 255),
    ],
)
def test_a_rendition_is_named_after_what_it_has_become(name: str, media_type: str, renamed: str) -> None:
    assert rendition_name(name, media_type) == renamed
