"""Turns names, and what is typed to find them, into the same beginnings of words."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

SHORTEST: Final = 2

# What casefold and decomposition leave; "oe" and "o" are both common ways to write ö without its key.
_DIGRAPHS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_PLAIN: Final = str.maketrans({"ø": "o"})
_LETTERS: Final = str.maketrans(
    {"æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i"}
)
_APOSTROPHES: Final = re.compile("['\u2019\u02bc`\u00b4]")
_WORD: Final = re.compile(r"[^\W_]+")


def spellings(text: str) -> tuple[frozenset[str], ...]:
    """Return the text's words, each as the spellings it is found by: "Jürgen" as "juergen" and "jurgen"."""
    if text.isascii():  # nothing to decompose, and one way to write it
        return tuple(frozenset((word,)) for word in _WORD.findall(_APOSTROPHES.sub("", text.casefold())))
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold())
    joined = _APOSTROPHES.sub("", folded)
    variants = (_words(joined.translate(_DIGRAPHS)), _words(joined.translate(_PLAIN)))
    return tuple(frozenset(pair) for pair in zip(*variants, strict=True))


def beginnings(names: Iterable[str]) -> frozenset[str]:
    """Return every beginning of two letters or more of every word of the names, in every spelling."""
    return frozenset(
        spelling[:length]
        for name in names
        for word in spellings(name)
        for spelling in word
        for length in range(SHORTEST, len(spelling) + 1)
    )


def _words(text: str) -> list[str]:
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return _WORD.findall("".join(mark for mark in decomposed if not unicodedata.combining(mark)))
