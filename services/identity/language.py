"""The languages of prompts and notices: "de" and "en" within, an enum in the contracts."""

from collections.abc import Mapping
from typing import Final

from chassis.refusal import invalid
from praxispost.identity.v1 import practices_pb2

GERMAN: Final = "de"
ENGLISH: Final = "en"

_CODES: Final["Mapping[practices_pb2.Language.ValueType, str]"] = {
    practices_pb2.LANGUAGE_GERMAN: GERMAN,
    practices_pb2.LANGUAGE_ENGLISH: ENGLISH,
}
_VALUES: Final = {code: value for value, code in _CODES.items()}


def language_code(field: str, value: "practices_pb2.Language.ValueType") -> str | None:
    """Return "de" or "en", None where no language is given; refuses a language that is not known."""
    if value == practices_pb2.LANGUAGE_UNSPECIFIED:
        return None
    if value not in _CODES:
        raise invalid(field, "must be a known language")
    return _CODES[value]


def language_value(code: str | None) -> "practices_pb2.Language.ValueType":
    """Return the contract's value of a code, "unspecified" of None."""
    return practices_pb2.LANGUAGE_UNSPECIFIED if code is None else _VALUES[code]
