"""Which passwords people may choose: long enough, not too long, and none that is tried first."""

import re
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Final

from chassis.refusal import invalid
from services.identity.refusals import password_too_weak

STAFF_MINIMUM: Final = 15
ACCOUNT_MINIMUM: Final = 8
MAXIMUM: Final = 256

_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopüasdfghjklöäyxcvbnm",
    "1q2w3e4r5t6z7u8i9o0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "qaywsxedcrfvtgbzhnujmikolp",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol",
)
_LOOK_ALIKES: Final = str.maketrans("013457@$!|", "oieastasii")
_NO_LETTER_AT_THE_ENDS: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_NO_LETTER: Final = re.compile(r"[\W\d_]+")
_FEWEST_DISTINCT: Final = 5
_LONGEST_UNIT: Final = 12


def normalised(password: str) -> str:
    """The password as it is counted, judged and hashed, however it is composed (NFKC; SP 800-63B)."""
    return unicodedata.normalize("NFKC", password)


def check_length_at_login(password: str, field: str = "password") -> str:
    """Return the password normalised; refuses an absent one and one that nobody can have chosen."""
    if not password:
        raise invalid(field, "is required")
    if len(password) > MAXIMUM:
        raise invalid(field, f"must have at most {MAXIMUM} characters")
    return normalised(password)


def check_choice(password: str, *, email: str, minimum: int, field: str = "password") -> str:
    """Return it normalised; refuses the too long (INVALID_FIELD), the guessable (PASSWORD_TOO_WEAK)."""
    chosen = check_length_at_login(password, field)
    if len(chosen) < minimum or _is_guessable(chosen.casefold(), email.casefold()):
        raise password_too_weak()
    return chosen


def _is_guessable(password: str, email: str) -> bool:
    if len(set(password)) < _FEWEST_DISTINCT or _is_repetition(password) or _is_a_walk(password):
        return True
    core = _NO_LETTER_AT_THE_ENDS.sub("", password)
    unmasked = _NO_LETTER.sub("", password.translate(_LOOK_ALIKES))
    guesses = _common() | _parts_of(email)
    return not guesses.isdisjoint({password, core, unmasked, core.translate(_LOOK_ALIKES)})


def _is_repetition(password: str) -> bool:
    """Whether it is a guessable word written several times ("passwortpasswort", "abc1abc1abc1")."""
    for length in range(1, min(_LONGEST_UNIT, len(password) // 2) + 1):
        unit = password[:length]
        if (unit * (len(password) // length + 1))[: len(password)] == password:
            return True
    return False


def _is_a_walk(password: str) -> bool:
    """Whether it walks along the alphabet, the digits or the keyboard, forward, backward or round again."""
    there_and_back = _ROWS + tuple(row[::-1] for row in _ROWS)
    return any(password in row * (len(password) // len(row) + 2) for row in there_and_back)


def _parts_of(email: str) -> frozenset[str]:
    local, _, domain = email.partition("@")
    parts = {email, local, domain, local + domain, domain.partition(".")[0], *re.split(r"[\W\d_]+", local)}
    return frozenset(part for part in parts if part)


@cache
def _common() -> frozenset[str]:
    words = files("services.identity").joinpath("common_passwords.txt").read_text(encoding="utf-8").split()
    return frozenset(words)
