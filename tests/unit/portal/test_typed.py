"""Codes and birth dates are understood however people type them, and waits are said as people count."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from services.portal.mailbox.trouble import waiting
from services.portal.mailbox.typed import birth_date_as_typed, code_as_typed
from services.portal.words import Language, Words

_TODAY = date(2026, 11, 23)


@pytest.mark.parametrize("typed", ["123456", " 123 456 ", "123-456", "12.34.56", "123\u2013456"])
def test_a_code_is_understood_however_it_is_grouped(typed: str) -> None:
    assert code_as_typed(typed) == "123456"


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "12345a", "\uff11\uff12\uff13\uff14\uff15\uff16", "12/34/56"]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert code_as_typed(typed) == ""


@pytest.mark.parametrize("typed", [("12", "8", "1964"), ("12", "08", "1964"), (" 12.", "8.", "1964 ")])
def test_a_birth_date_is_understood(typed: tuple[str, str, str]) -> None:
    assert birth_date_as_typed(*typed, _TODAY) == date(1964, 8, 12)


@pytest.mark.parametrize(
    "typed",
    [
        ("", "", ""),
        ("31", "2", "1964"),
        ("12", "13", "1964"),
        ("12", "8", "64"),
        ("24", "11", "2026"),
        ("-1", "8", "1964"),
        ("12", "August", "1964"),
        ("\u0663", "8", "1964"),
    ],
)
def test_what_is_no_birth_date_is_none(typed: tuple[str, str, str]) -> None:
    assert birth_date_as_typed(*typed, _TODAY) is None


@pytest.mark.parametrize(
    ("seconds", "language", "said"),
    [
        (1, "de", "in 1 Sekunde"),
        (59, "de", "in 59 Sekunden"),
        (60, "de", "in 1 Minute"),
        (61, "de", "in 2 Minuten"),
        (3600, "de", "in 60 Minuten"),
        (3601, "de", "in 2 Stunden"),
        (840, "en", "in 14 minutes"),
    ],
)
def test_a_wait_is_never_said_shorter_than_it_is(seconds: int, language: Language, said: str) -> None:
    assert waiting(Words(language, ZoneInfo("Europe/Berlin")), seconds) == said
