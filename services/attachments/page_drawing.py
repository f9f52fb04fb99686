"""Draws the pages of a PDF or a scan. A program of its own, confined as rendering.py is.

The document comes on stdin. On stdout go the number of its pages in a line, and for each page that is drawn
the sizes of its picture and its text in a line, the picture, and the text in UTF-8. A document that cannot be
drawn ends the program with another status than 0; so does one of which a page cannot, after those before it.
"""

import encodings.utf_16_le  # noqa: F401  # decodes a page's text; once confined nothing can be loaded
import io
import sys
from collections.abc import Iterator

import pypdfium2
from PIL import Image

from services.attachments.confinement import confine
from services.attachments.rendering import limit_resources, load_decoders

_WIDTH, _HEIGHT = 1_400, 4_200
_MOST_PAGES = 40
_MOST_BYTES = 12_000_000
_MOST_TEXT = 20_000
_QUALITY = 85
_SCANS = (b"II*\x00", b"MM\x00*")
# Points of a PDF are 1/72 inch; small pages are not blown up to more than 300 dots an inch.
_LARGEST_SCALE = 300 / 72

Page = tuple[Image.Image, str]


def load_pdfium() -> None:
    """Let it make all that it makes but once."""
    pypdfium2.PdfDocument.new().close()


def pages_of_pdf(content: bytes) -> tuple[int, Iterator[Page]]:
    """The number of pages, and each as a picture with its text."""
    document = pypdfium2.PdfDocument(content)
    # Draws what was filled into a form, too.
    document.init_forms()
    return len(document), (_page_of_pdf(document[index]) for index in range(len(document)))


def pages_of_scan(content: bytes) -> tuple[int, Iterator[Page]]:
    """The same of a TIFF."""
    image = Image.open(io.BytesIO(content), formats=("TIFF",))
    count = getattr(image, "n_frames", 1)
    return count, (_page_of_scan(image, index) for index in range(count))


def _page_of_pdf(page: pypdfium2.PdfPage) -> Page:
    width, height = page.get_size()
    scale = min(_WIDTH / width, _HEIGHT / height, _LARGEST_SCALE)
    picture = page.render(scale=scale, rev_byteorder=True).to_pil().convert("RGB")
    text = page.get_textpage().get_text_range(0, -1, errors="replace")[:_MOST_TEXT]
    return picture, text


def _page_of_scan(image: Image.Image, index: int) -> Page:
    image.seek(index)
    picture = image.convert("L" if image.mode in {"1", "L"} else "RGB")
    picture.thumbnail((_WIDTH, _HEIGHT))
    return picture, ""


def main(*, only_confine: bool) -> int:
    """Draw what comes; whether the kernel confines such a process says the status where that is all."""
    limit_resources()
    load_decoders()
    load_pdfium()
    confined = confine()
    if only_confine:
        return 0 if confined else 1
    content = sys.stdin.buffer.read()
    count, pages = (pages_of_scan if content.startswith(_SCANS) else pages_of_pdf)(content)
    sys.stdout.buffer.write(f"{count}\n".encode())
    size = 0
    for (picture, text), _ in zip(pages, range(_MOST_PAGES), strict=False):
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=_QUALITY)
        drawn, written = buffer.getvalue(), text.encode(errors="replace")
        size += len(drawn)
        if size > _MOST_BYTES:
            break
        sys.stdout.buffer.write(f"{len(drawn)} {len(written)}\n".encode() + drawn + written)
        sys.stdout.buffer.flush()
    return 0
