"""PDF documents, as small as the standard lets them be (ISO 32000-1), and scans."""

import io
from collections.abc import Sequence

from PIL import Image

# Acts when the document is opened, in programs that let it.
SCRIPT = "/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"


def pdf(pages: Sequence[str], *, width: float = 595, height: float = 842, extra: str = "") -> bytes:
    """A document with one line of text on each page; `extra` stands in its catalogue."""
    kids = " ".join(f"{10 + 2 * index} 0 R" for index in range(len(pages)))
    objects = {
        1: f"<< /Type /Catalog /Pages 2 0 R {extra} >>",
        2: f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>",
        3: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    }
    for index, text in enumerate(pages):
        drawing = f"BT /F1 60 Tf 40 {height / 2} Td ({text}) Tj ET"
        objects[10 + 2 * index] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {11 + 2 * index} 0 R >>"
        )
        objects[11 + 2 * index] = f"<< /Length {len(drawing)} >>\nstream\n{drawing}\nendstream"
    return _file(objects)


def form(value: str) -> bytes:
    """A document with a field that was filled, and not drawn by whoever filled it."""
    field = (
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (Name) /F 4 /Rect [40 400 560 500] "
        f"/V ({value}) /DA (/Helv 60 Tf 0 g) >>"
    )
    fields = (
        "/AcroForm << /NeedAppearances true /Fields [20 0 R] /DA (/Helv 60 Tf 0 g) "
        "/DR << /Font << /Helv 3 0 R >> >> >>"
    )
    page = (
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots [20 0 R] "
        "/Resources << /Font << /Helv 3 0 R >> >> >>"
    )
    return _file(
        {
            1: f"<< /Type /Catalog /Pages 2 0 R {fields} >>",
            2: "<< /Type /Pages /Count 1 /Kids [10 0 R] >>",
            3: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            10: page,
            20: field,
        }
    )


def scan(pages: int) -> bytes:
    """A TIFF of so many pages."""
    first, *rest = [Image.linear_gradient("L").resize((2480, 3508)) for _ in range(pages)]
    buffer = io.BytesIO()
    first.save(buffer, "TIFF", compression="tiff_deflate", save_all=True, append_images=rest)
    return buffer.getvalue()


def _file(objects: dict[int, str]) -> bytes:
    body, offsets = b"%PDF-1.7\n", {}
    for number, content in objects.items():
        offsets[number] = len(body)
        body += f"{number} 0 obj\n{content}\nendobj\n".encode("cp1252")
    start, table = len(body), "xref\n0 1\n0000000000 65535 f \n"
    for number, offset in offsets.items():
        table += f"{number} 1\n{offset:010} 00000 n \n"
    table += f"trailer\n<< /Root 1 0 R /Size {max(objects) + 1} >>\nstartxref\n{start}\n%%EOF\n"
    return body + table.encode()
