"""The confined program draws what practices and patients send as PDF, and scans."""

import io
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from services.attachments.decoder_process import NotDecoded, is_confined
from services.attachments.drawing_process import PROGRAM, DrawnPage, drawing
from tests.integration.attachments import papers


async def _drawn(content: bytes) -> tuple[int, list[DrawnPage]]:
    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 65_536):
            yield content[start : start + 65_536]

    async with drawing(chunks()) as made:
        return made.page_count, [page async for page in made.pages]


def _picture(page: DrawnPage) -> Image.Image:
    return Image.open(io.BytesIO(page.picture), formats=("JPEG",))


def _is_written_on(page: DrawnPage) -> bool:
    darkest, _ = _picture(page).convert("L").getextrema()
    return isinstance(darkest, (int, float)) and darkest < 80


async def test_the_program_is_confined() -> None:
    assert await is_confined(PROGRAM)


async def test_each_page_comes_with_its_text() -> None:
    count, pages = await _drawn(papers.pdf(["Blutbild", "Größe und Gewicht"], extra=papers.SCRIPT))
    assert count == 2
    assert [page.text for page in pages] == ["Blutbild", "Größe und Gewicht"]
    assert all(_picture(page).width == 1400 and _is_written_on(page) for page in pages)


async def test_a_form_shows_what_was_filled_in() -> None:
    _, [empty] = await _drawn(papers.form(""))
    _, [filled] = await _drawn(papers.form("Mustermann"))
    assert _is_written_on(filled)
    assert not _is_written_on(empty)


async def test_a_long_document_shows_its_first_pages() -> None:
    count, pages = await _drawn(papers.pdf([f"Seite {number}" for number in range(1, 121)]))
    assert count == 120
    assert [page.text for page in pages] == [f"Seite {number}" for number in range(1, 41)]


@pytest.mark.parametrize(("width", "height"), [(20_000, 300), (300, 20_000), (8, 8)])
async def test_pages_of_unusual_shape_are_bounded(width: float, height: float) -> None:
    _, [page] = await _drawn(papers.pdf(["x"], width=width, height=height))
    picture = _picture(page)
    assert picture.width <= 1401
    assert picture.height <= 4201


async def test_a_scan_shows_its_pages() -> None:
    count, pages = await _drawn(papers.scan(3))
    assert (count, len(pages)) == (3, 3)
    assert all(_picture(page).size == (1400, 1980) for page in pages)


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7\nnothing", b"", b"II*\x00nothing", b"PK\x03\x04", papers.pdf([])],
    ids=["broken", "empty", "broken scan", "another kind", "no pages"],
)
async def test_what_cannot_be_drawn_shows_nothing(content: bytes) -> None:
    try:
        _, pages = await _drawn(content)
    except NotDecoded:
        pages = []
    assert pages == []
