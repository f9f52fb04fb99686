"""What is said of a new password before identity is asked."""

from zoneinfo import ZoneInfo

import pytest

from services.portal.practice.own.new_password import wrong_with
from services.portal.visits import Form
from services.portal.words import Words

_WORDS = Words("de", ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("chosen", "again", "wrong"),
    [
        ("vier Wörter am See", "vier Wörter am See", set()),
        ("vier Wörter am See", "vier Wörter am Sea", {"new_password_again"}),
        ("vierzehn Otter", "vierzehn Otter", {"new_password"}),
        ("", "", {"new_password"}),
        (" fünfzehn Zeiche", " fünfzehn Zeiche", set()),
    ],
)
def test_a_new_password_is_long_enough_and_typed_twice(chosen: str, again: str, wrong: set[str]) -> None:
    form = Form([("new_password", chosen), ("new_password_again", again)])
    assert set(wrong_with(form, _WORDS)) == wrong
