"""Documents of many kinds, small ones that begin as real ones do; photos do not come out as they went in."""

import io
import os
import zipfile
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """A document, and the media type that its first bytes tell; empty where they do not."""

    name: str
    content: bytes
    declared: str
    sniffed: str

    @property
    def served(self) -> str:
        """The media type that it comes out with."""
        return self.sniffed or self.declared.partition(";")[0]


def _archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, os.urandom(1_000))
    return buffer.getvalue()


_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

SAMPLES = (
    Sample("Befund.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + os.urandom(70_000), "", "application/pdf"),
    Sample("Skizze.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml", "image/svg+xml"),
    Sample("alles.zip", _archive("a.txt", "b.txt"), "application/zip", "application/zip"),
    Sample("Brief.docx", _archive("[Content_Types].xml", "word/document.xml"), _DOCX, _DOCX),
    Sample("Notiz.txt", "Bitte nüchtern kommen.\n".encode(), "text/plain; charset=utf-8", ""),
    Sample("Arztbrief Müller 😷 שלום.bin", b"\x00" + os.urandom(65_535), "application/x-dump", ""),
)
