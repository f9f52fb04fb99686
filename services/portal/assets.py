"""Scripts, pictures and the one stylesheet: read once, compressed once, addressed by their content."""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_FOLDER: Final = Path(__file__).parent
_STYLESHEET: Final = "praxispost.css"
_HEADERS: Final = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
_COMPRESSED: Final = ("text/", "application/javascript", "image/svg+xml")


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    compressed: bytes | None
    media_type: str


class Assets:
    """All of them. One digest of all stands in each address, so that scripts import each other by plain
    names."""

    def __init__(self) -> None:
        contents = _contents()
        digest = hashlib.sha256()
        for name in sorted(contents):
            digest.update(name.encode() + b"\0" + contents[name])
        self._digest = digest.hexdigest()[:16]
        self._assets = {name: _asset(name, content) for name, content in contents.items()}

    def url(self, name: str) -> str:
        """Where the asset is; raises KeyError where there is none of this name."""
        self._assets[name]
        return f"/static/{self._digest}/{name}"

    async def serve(self, request: Request) -> Response:
        """Answer `/static/{digest}/{name}`; an address of another version is answered with this one's
        content, uncached."""
        asset = self._assets.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404)
        headers = dict(_HEADERS)
        if request.path_params["digest"] != self._digest:
            headers["Cache-Control"] = "no-store"
        content = asset.content
        if asset.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            content = asset.compressed
            headers["Content-Encoding"] = "gzip"
        return Response(content, headers=headers, media_type=asset.media_type)


def _contents() -> Mapping[str, bytes]:
    found = {
        file.relative_to(_FOLDER / "static").as_posix(): file.read_bytes()
        for file in (_FOLDER / "static").rglob("*")
        if file.is_file()
    }
    styles = sorted((_FOLDER / "styles").glob("*.css"))
    return found | {_STYLESHEET: b"\n".join(style.read_bytes() for style in styles)}


def _asset(name: str, content: bytes) -> _Asset:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if media_type == "text/javascript":
        media_type = "application/javascript"
    compressed = gzip.compress(content, 9, mtime=0) if media_type.startswith(_COMPRESSED) else None
    return _Asset(content, compressed, media_type)
