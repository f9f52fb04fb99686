"""Telling a document's type from its first bytes."""

import random

import pytest

from services.attachments.sniffing import HEAD_SIZE, sniff

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("head", "declared", "sniffed"),
    [
        (b"%PDF-1.7\n", "application/octet-stream", "application/pdf"),
        (b"%PDF-1.7\n", "image/png", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "", "image/png"),
        (b"\xff\xd8\xff\xe1\x00\x10Exif", "", "image/jpeg"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "", "image/heif"),
        (b"PK\x03\x04\x14\x00\x00\x00", "application/zip", "application/zip"),
        (b"PK\x03\x04\x14\x00\x00\x00", "", "application/zip"),
        (b"PK\x03\x04\x14\x00\x00\x00", _DOCX, _DOCX),
        (b"PK\x03\x04\x14\x00\x00\x00", "image/png", "application/zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "application/msword", "application/msword"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "image/png", ""),
        (b"<?xml version='1.0'?>", "", "application/xml"),
        ("Sehr geehrte Frau Müller,".encode(), "text/plain", ""),
        (b"a", "text/plain", ""),
        (b"", "text/plain", ""),
    ],
)
def test_the_first_bytes_tell_the_type_or_nothing(head: bytes, declared: str, sniffed: str) -> None:
    assert sniff(head, declared) == sniffed


def test_random_bytes_tell_nothing() -> None:
    chance = random.Random(7)
    assert {sniff(b"\x01\x02" + chance.randbytes(HEAD_SIZE), "") for _ in range(50)} == {""}
