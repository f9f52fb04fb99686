"""Names and what is typed to find them meet in the same beginnings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.patients.names import beginnings, spellings

_NAMES = st.text(st.characters(categories=("L", "M", "Pd")), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Müller", [{"mueller", "muller"}]),
        ("GROSS", [{"gross"}]),
        ("Groß", [{"gross"}]),
        ("Mu\u0308ller", [{"mueller", "muller"}]),
        ("van der Öst", [{"van"}, {"der"}, {"oest", "ost"}]),
        ("Groß-Müller", [{"gross"}, {"mueller", "muller"}]),
        ("O'Brien", [{"obrien"}]),
        ("d\u2019Arc", [{"darc"}]),
        ("ﬁsher", [{"fisher"}]),
        ("...", []),
    ],
)
def test_a_word_has_the_spellings_it_is_typed_in(name: str, expected: list[set[str]]) -> None:
    assert list(spellings(name)) == expected


def test_beginnings_have_two_letters_and_more_up_to_the_whole_word() -> None:
    assert beginnings(["Eva"]) == {"ev", "eva"}
    assert beginnings(["X"]) == frozenset()


@given(_NAMES, st.data())
def test_every_beginning_of_every_spelling_finds_the_name(name: str, data: st.DataObject) -> None:
    indexed = beginnings([name])
    for word in spellings(name):
        for spelling in word:
            if len(spelling) >= 2:
                length = data.draw(st.integers(2, len(spelling)))
                assert any(typed in indexed for typed in spellings(spelling[:length])[0])


@given(_NAMES)
def test_a_name_finds_itself_in_capitals(name: str) -> None:
    for word, typed in zip(spellings(name), spellings(name.lower()), strict=False):
        assert word & typed
