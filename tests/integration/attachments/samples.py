"""Documents of many kinds, small ones that begin as real ones do."""

import io
import os
import zipfile
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """A document, and the media type that its first bytes tell; empty where they do not.

    Those that begin as photos are broken ones: they come out as they are, to be saved and not shown.
    """

    name: str
    content: bytes
    declared: str
    sniffed: str

    @property
    def served(self) -> str:
        """The media type that it comes out with."""
        if self.sniffed.startswith("image/"):
            return "application/octet-stream"
        return self.sniffed or self.declared.partition(";")[0]


def _archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, os.urandom(1_000))
    return buffer.getvalue()


_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01"
_HEIC = b"\x00\x00\x00\x24ftypheic\x00\x00\x00\x00mif1heic"

SAMPLES = (
    Sample("Befund.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + os.urandom(70_000), "", "application/pdf"),
    Sample("Wunde.png", _PNG + os.urandom(200_000), "image/png", "image/png"),
    Sample("Foto.jpg", _JPEG + os.urandom(131_072), "image/jpeg", "image/jpeg"),
    Sample("IMG_0001.HEIC", _HEIC + os.urandom(5_000), "application/octet-stream", "image/heif"),
    Sample("alles.zip", _archive("a.txt", "b.txt"), "application/zip", "application/zip"),
    Sample("Brief.docx", _archive("[Content_Types].xml", "word/document.xml"), _DOCX, _DOCX),
    Sample("Notiz.txt", "Bitte nüchtern kommen.\n".encode(), "text/plain; charset=utf-8", ""),
    Sample("Arztbrief Müller 😷 שלום.bin", b"\x00" + os.urandom(65_535), "application/x-dump", ""),
)
