"""Shows a document in a frame: as pictures in a page of ours that may do nothing but show them."""

import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Final

from markupsafe import Markup, escape
from starlette.responses import Response

from services.portal.documents.delivery import Coming, Delivery, document_headers
from services.portal.documents.refused import Problem
from services.portal.visits import Visit

_TEMPLATE: Final = "documents/frame.html"
# In the page itself: a page of no origin gets no stylesheet from one that keeps its own for itself.
_STYLE: Final = (
    ":root{color-scheme:light dark;font:100%/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "body{margin:0;padding:.5rem;text-align:center}"
    "img{display:block;max-width:100%;height:auto;margin:0 auto .75rem;background:#fff}"
    "p{margin:1rem auto;max-width:32rem}"
)
_STYLE_HASH: Final = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HERE: Final = "<!-- document -->"
# Kinds of pictures that every browser shows.
PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


def sentence_in_frame(visit: Visit, problem: Problem) -> Response:
    """A sentence in the place of a document."""
    text = visit.words.say(problem.text)
    response = visit.page(_TEMPLATE, status=problem.status, style=_STYLE, text=text)
    response.headers.update(_headers())
    return response


def picture_in_frame(visit: Visit, coming: Coming) -> Response:
    """A picture, as it comes."""
    page = visit.page(_TEMPLATE, style=_STYLE, document=Markup(_HERE))
    head, _, tail = bytes(page.body).partition(_HERE.encode())
    return Delivery(coming.call, _page(head, _picture(coming), tail), _headers())


def _headers() -> dict[str, str]:
    """A document's, but for the style and the pictures that the page brings with it."""
    headers = document_headers(framed=True)
    headers["Content-Security-Policy"] += f"; style-src 'sha256-{_STYLE_HASH}'; img-src data:"
    return headers | {"Content-Type": "text/html; charset=utf-8"}


async def _page(head: bytes, content: AsyncIterator[bytes], tail: bytes) -> AsyncIterator[bytes]:
    yield head
    async for part in content:
        yield part
    yield tail


async def _picture(coming: Coming) -> AsyncIterator[bytes]:
    header = coming.header
    yield f'<img alt="{escape(header.file_name)}" src="data:{header.media_type};base64,'.encode()
    rest = b""
    async for part in coming.parts:
        piece = rest + part.chunk
        whole = len(piece) - len(piece) % 3
        rest = piece[whole:]
        yield b64encode(piece[:whole])
    yield b64encode(rest) + b'">'
