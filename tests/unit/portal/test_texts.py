"""Every German text has its English, with the same blanks to fill in, and no English is left over."""

import re
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract
from jinja2.ext import babel_extract

from services.portal import words

_PORTAL = Path(words.__file__).parent
_KEYWORDS = {"gettext": None, "ngettext": (1, 2), "say": None, "mark": None, "_": None}
_BLANK = re.compile(r"%\((\w+)\)s")


def _plain(found: object) -> Iterator[str]:
    if isinstance(found, str):
        yield found
    elif isinstance(found, (tuple, list)):
        for each in found:
            yield from _plain(each)


def _in_templates() -> Iterator[tuple[str, str]]:
    for file in sorted((_PORTAL / "templates").rglob("*.html")):
        options = {
            "trimmed": "true",
            "trim_blocks": "true",
            "lstrip_blocks": "true",
            "newstyle_gettext": "true",
        }
        source = BytesIO(file.read_bytes())
        for _, _, found, _ in babel_extract(source, list(_KEYWORDS), [], options):
            for text in _plain(found):
                yield file.name, text


def _in_code() -> Iterator[tuple[str, str]]:
    for file in sorted(_PORTAL.rglob("*.py")):
        with file.open("rb") as opened:
            for _, found, _, _ in extract("python", opened, keywords=_KEYWORDS):
                for text in _plain(found):
                    yield file.name, text


@pytest.fixture(scope="module")
def german() -> Mapping[str, str]:
    """Each German text with the file that says it."""
    return {text: where for where, text in (*_in_templates(), *_in_code())}


@pytest.fixture(scope="module")
def english() -> Mapping[str, str]:
    return words.translations("en")


def test_each_german_text_has_its_english(german: Mapping[str, str], english: Mapping[str, str]) -> None:
    assert {text: where for text, where in german.items() if text not in english} == {}


def test_no_english_is_left_of_a_german_text_that_is_gone(
    german: Mapping[str, str], english: Mapping[str, str]
) -> None:
    assert sorted(set(english) - set(german)) == []


def test_both_leave_the_same_blanks(english: Mapping[str, str]) -> None:
    different = {
        text: other
        for text, other in english.items()
        if set(_BLANK.findall(text)) != set(_BLANK.findall(other))
    }
    assert different == {}


def test_no_text_is_translated_in_two_places_differently() -> None:
    places: dict[str, set[str]] = {}
    for file in sorted((_PORTAL / "texts" / "en").glob("*.po")):
        for text, other in words.catalogue(file, "en").items():
            places.setdefault(text, set()).add(other)
    assert {text: others for text, others in places.items() if len(others) > 1} == {}
