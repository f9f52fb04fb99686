"""Shows a document in a frame: as pictures in a page of ours that may do nothing but show them."""

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
from services.portal.documents.delivery import Call, Delivery
from services.portal.frames import STYLE, TEMPLATE, frame_headers
from services.portal.visits import Visit

_HERE: Final = "<!-- document -->"
# Kinds of pictures that every browser shows.
PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
# Kinds that attachments draws.
PAPERS: Final = frozenset({"application/pdf", "image/tiff"})


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

    return Delivery(call, _in_page(visit, content()), frame_headers())


def pages_in_frame(
    visit: Visit, document: ShownDocument, call: Call, parts: AsyncIterator[ShowAttachmentResponse]
) -> Response:
    """The pages of a document, each as it comes, with their texts for those who cannot see them."""
    return Delivery(call, _in_page(visit, _pages(visit, document, parts)), frame_headers())


async def _in_page(visit: Visit, content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    page = visit.page(TEMPLATE, style=STYLE, document=Markup(_HERE))
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
        encoded, rest = in_base64(rest + part.chunk, last=missing <= 0)
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
        encoded, rest = in_base64(rest + chunk, last=False)
        yield encoded
    yield in_base64(rest, last=True)[0]


def in_base64(content: bytes, *, last: bool) -> tuple[bytes, bytes]:
    """The content in Base64, and what of it must wait for more, since three bytes are four characters."""
    whole = len(content) if last else len(content) - len(content) % 3
    return b64encode(content[:whole]), content[whole:]
