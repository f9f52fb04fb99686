"""Shows a document in a frame: as pictures in a page of ours that may do nothing but show them."""

import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Final

from markupsafe import Markup, escape
from starlette.responses import Response

from praxispost.attachments.v1.attachments_pb2 import (
    DownloadAttachmentResponse,
    ShowAttachmentResponse,
    ShownDocument,
)
from praxispost.messaging.v1.messaging_pb2 import MessageAttachment
from services.portal.documents.delivery import Call, Delivery, document_headers
from services.portal.documents.refused import Problem
from services.portal.visits import Visit

_TEMPLATE: Final = "documents/frame.html"
# In the page itself: a page of no origin gets no stylesheet from one that keeps its own for itself.
_STYLE: Final = (
    ":root{color-scheme:light dark;font:100%/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "body{margin:0;padding:.5rem;text-align:center}"
    "figure{margin:0;position:relative}"
    "img{display:block;max-width:100%;height:auto;margin:0 auto .75rem;background:#fff}"
    "figcaption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    "p{margin:1rem auto;max-width:32rem}"
)
_STYLE_HASH: Final = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HERE: Final = "<!-- document -->"
# Kinds of pictures that every browser shows.
PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
# Kinds that attachments draws.
PAPERS: Final = frozenset({"application/pdf", "image/tiff"})


def sentence_in_frame(visit: Visit, problem: Problem) -> Response:
    """A sentence in the place of a document."""
    text = visit.words.say(problem.text)
    response = visit.page(_TEMPLATE, status=problem.status, style=_STYLE, text=text)
    response.headers.update(_headers())
    return response


def picture_in_frame(
    visit: Visit, document: MessageAttachment, call: Call, parts: AsyncIterator[DownloadAttachmentResponse]
) -> Response:
    """A picture, as it comes."""
    begin = f'<img alt="{escape(document.file_name)}" src="data:{document.media_type};base64,'

    async def content() -> AsyncIterator[bytes]:
        yield begin.encode()
        async for encoded in _base64(part.chunk async for part in parts):
            yield encoded
        yield b'">'

    return Delivery(call, _in_page(visit, content()), _headers())


def pages_in_frame(
    visit: Visit, document: ShownDocument, call: Call, parts: AsyncIterator[ShowAttachmentResponse]
) -> Response:
    """The pages of a document, each as it comes, with their texts for those who cannot see them."""
    return Delivery(call, _in_page(visit, _pages(visit, document, parts)), _headers())


async def _in_page(visit: Visit, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    page = visit.page(_TEMPLATE, style=_STYLE, document=Markup(_HERE))
    head, _, tail = bytes(page.body).partition(_HERE.encode())
    yield head
    async for part in content:
        yield part
    yield tail


async def _pages(
    visit: Visit, document: ShownDocument, parts: AsyncIterator[ShowAttachmentResponse]
) -> AsyncIterator[bytes]:
    shown = missing = 0
    rest, text = b"", ""
    async for part in parts:
        if part.HasField("page"):
            shown, missing, rest, text = shown + 1, part.page.size, b"", part.page.text
            number = visit.words.say("Seite %(number)s von %(all)s", number=shown, all=document.page_count)
            yield f'<figure><img alt="{escape(number)}" src="data:image/jpeg;base64,'.encode()
            continue
        missing -= len(part.chunk)
        encoded, rest = _encoded(rest + part.chunk, last=missing <= 0)
        yield encoded
        if missing <= 0:
            yield f'"><figcaption>{escape(text)}</figcaption></figure>'.encode()
    if shown < document.page_count:
        yield f"<p>{escape(_more(visit, shown, document.page_count))}</p>".encode()


def _more(visit: Visit, shown: int, count: int) -> str:
    return visit.words.say(
        "Zu sehen sind %(shown)s von %(all)s Seiten. Alle sehen Sie, wenn Sie die Datei herunterladen.",
        shown=shown,
        all=count,
    )


async def _base64(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in chunks:
        encoded, rest = _encoded(rest + chunk, last=False)
        yield encoded
    yield _encoded(rest, last=True)[0]


def _encoded(content: bytes, *, last: bool) -> tuple[bytes, bytes]:
    """The content in Base64, and what of it must wait for more, since three bytes are four characters."""
    whole = len(content) if last else len(content) - len(content) % 3
    return b64encode(content[:whole]), content[whole:]


def _headers() -> dict[str, str]:
    """A document's, but for the style and the pictures that the page brings with it."""
    headers = document_headers(framed=True)
    headers["Content-Security-Policy"] += f"; style-src 'sha256-{_STYLE_HASH}'; img-src data:"
    return headers | {"Content-Type": "text/html; charset=utf-8"}
