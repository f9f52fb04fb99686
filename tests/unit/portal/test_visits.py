"""Who asks: a person who goes to a page, or a script of the page."""

from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest
from starlette.requests import Request

from services.portal.assets import Assets
from services.portal.pages import Pages
from services.portal.visits import Form, Visit
from services.portal.words import LANGUAGES, Words

_STATIC = Path(__file__).parents[3] / "services" / "portal" / "static"


def _visit(headers: dict[str, str]) -> Visit:
    words = {language: Words(language, ZoneInfo("Europe/Berlin")) for language in LANGUAGES}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": raw})
    pages = Pages(Assets(), words, MappingProxyType({}), 1)
    return Visit(request, words["de"], datetime.now(UTC), Form(), "", pages, present=True)


@pytest.mark.parametrize(
    ("headers", "by_script"),
    [
        ({"Sec-Fetch-Mode": "navigate"}, False),
        ({"Sec-Fetch-Mode": "navigate", "X-Script": "1"}, False),
        ({"Sec-Fetch-Mode": "cors"}, True),
        ({}, False),
        ({"X-Script": "1"}, True),
        ({"Accept": "text/event-stream"}, True),
    ],
)
def test_scripts_are_told_from_people_in_old_browsers_too(headers: dict[str, str], by_script: bool) -> None:
    assert _visit(headers).by_script is by_script


def test_scripts_say_that_they_are_scripts() -> None:
    for name in ("server.js", "upload.js"):
        assert "X-Script" in (_STATIC / name).read_text(), name
