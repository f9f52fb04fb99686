"""The confined program renders every kind of picture that telephones, scanners and cameras make."""

import io
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from services.attachments.decoder_process import is_confined
from services.attachments.rendering_process import PROGRAM, rendering
from tests.integration.attachments import pictures


async def _rendered(content: bytes) -> tuple[str, bytes]:
    async def chunks() -> AsyncIterator[bytes]:
        yield content

    async with rendering(chunks()) as made:
        rendition = b"".join([chunk async for chunk in made.chunks])
    assert len(rendition) == made.size
    return made.media_type, rendition


def _picture(mode: str, kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").convert(mode).save(buffer, kind)
    return buffer.getvalue()


async def test_the_program_is_confined() -> None:
    assert await is_confined(PROGRAM)


@pytest.mark.parametrize(
    ("kind", "media_type"), [("MPO", "image/jpeg"), ("AVIF", "image/jpeg"), ("GIF", "image/gif")]
)
async def test_photos_of_other_kinds_are_rendered(kind: str, media_type: str) -> None:
    made, content = await _rendered(pictures.photo(kind) if kind != "GIF" else _picture("P", "GIF"))
    assert made == media_type
    assert pictures.has_nothing_else(content)
    assert kind == "GIF" or pictures.is_upright(pictures.opened(content))


async def test_a_progressive_photo_is_rendered() -> None:
    _, content = await _rendered(pictures.photo("JPEG", progressive=True))
    assert pictures.is_upright(pictures.opened(content))


@pytest.mark.parametrize(
    ("mode", "kind", "media_type"),
    [
        ("1", "TIFF", "image/tiff"),
        ("I;16", "TIFF", "image/tiff"),
        ("I;16", "PNG", "image/png"),
        ("LA", "PNG", "image/png"),
        ("P", "PNG", "image/png"),
        ("RGBA", "PNG", "image/png"),
        ("RGBA", "WEBP", "image/webp"),
        ("CMYK", "JPEG", "image/jpeg"),
        ("L", "JPEG", "image/jpeg"),
        ("RGB", "BMP", "image/png"),
    ],
)
async def test_pictures_of_all_depths_and_colours_look_as_before(
    mode: str, kind: str, media_type: str
) -> None:
    content = _picture(mode, kind)
    made, rendition = await _rendered(content)
    assert made == media_type
    before, after = (
        pictures.opened(each).convert("RGB").getpixel((128, 200)) for each in (content, rendition)
    )
    assert after == pytest.approx(before, abs=3)
