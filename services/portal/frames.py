"""Pages that are shown inside of another page of the portal, and may do nothing there but be read."""

import hashlib
from base64 import b64encode
from typing import Final

from starlette.responses import Response

from services.portal.visits import Visit

TEMPLATE: Final = "parts/frame.html"
# In the page itself: a page of no origin gets no stylesheet from one that keeps its own for itself.
STYLE: Final = (
    ":root{color-scheme:light dark;font:100%/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "body{margin:0;padding:.5rem;text-align:center}"
    "figure{margin:0;position:relative}"
    "img{display:block;max-width:100%;height:auto;margin:0 auto .75rem;background:#fff}"
    "figcaption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    "p{margin:1rem auto;max-width:32rem}"
)
_STYLE_HASH: Final = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_POLICY: Final = "sandbox; default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors {}"


def sandboxed(*, framed: bool) -> dict[str, str]:
    """What an answer says that runs nothing, asks nobody and belongs to no origin, even where a browser shows
    it; `framed`: in a frame of our own pages.

    What is sandboxed so must not ask for a group of windows of its own (HTML, "COOP and sandboxing").
    """
    return {
        "Content-Security-Policy": _POLICY.format("'self'" if framed else "'none'"),
        "Cross-Origin-Opener-Policy": "unsafe-none",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }


def frame_headers() -> dict[str, str]:
    """The same for a page that brings its style and its pictures with it."""
    headers = sandboxed(framed=True)
    headers["Content-Security-Policy"] += f"; style-src 'sha256-{_STYLE_HASH}'; img-src data:"
    return headers | {"Content-Type": "text/html; charset=utf-8"}


def sentence_in_frame(visit: Visit, status: int, text: str) -> Response:
    """A sentence in the place of what was to be shown."""
    response = visit.page(TEMPLATE, status=status, style=STYLE, text=text)
    response.headers.update(frame_headers())
    return response
