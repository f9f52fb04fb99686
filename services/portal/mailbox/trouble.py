"""What is said to a person whose try led to nothing: why, at which field, and when to try again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from chassis.refusal import Refusal
from services.portal.words import Words, mark

_HOUR: Final = 3600
_TOO_OFTEN: Final = mark("Das war zu oft. Weiter geht es %(wait)s.")
_CHECK: Final = mark("Bitte prüfen Sie Ihre Angaben.")
FIELDS: Final[Mapping[str, str]] = {
    "email": mark("Das ist keine vollständige E-Mail-Adresse."),
    "mobile": mark("Das ist keine Handynummer. Beispiel: 0171 2345678, aus dem Ausland mit +."),
    "password": mark("Das Passwort hat 8 bis 256 Zeichen."),
    "new_password": mark("Das Passwort hat 8 bis 256 Zeichen."),
    "code": mark("Der Code hat sechs Ziffern."),
}
_OTHER_PASSWORD: Final = mark("Ihr Passwort ist ein anderes.")
WEAK: Final = mark(
    "Dieses Passwort wäre leicht zu erraten. Nehmen Sie ein längeres, zum Beispiel mehrere Wörter."
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """The sentence above the form, those beside its fields, and how many seconds to wait where that helps."""

    text: str
    fields: Mapping[str, str] = field(default_factory=dict)
    status: int = 400
    seconds: int = 0


def at(words: Words, name: str, text: str) -> Trouble:
    """One field is wrong."""
    return Trouble(words.say(_CHECK), {name: words.say(text)})


def too_often(words: Words, seconds: int, text: str = _TOO_OFTEN) -> Trouble:
    """Something was done too often; `text` says so with the blank %(wait)s."""
    return Trouble(words.say(text, wait=waiting(words, seconds)), {}, 429, seconds)


def refused(
    words: Words, refusal: Refusal, sentences: Mapping[str, str], *, new_password: str = "password"
) -> Trouble:
    """What a service refused, in words: `sentences` has those of the page for the reasons that it knows;
    `new_password` is the name of that field. Raises the refusal where there are no words."""
    if refusal.reason == "INVALID_FIELD":
        return _invalid(words, refusal)
    if refusal.reason == "PASSWORD_TOO_WEAK":
        return at(words, new_password, WEAK)
    if refusal.reason == "PASSWORD_REFUSED":
        return at(words, "password", _OTHER_PASSWORD)
    text = sentences.get(refusal.reason)
    seconds = int(refusal.metadata.get("retry_after_seconds", "0"))
    if seconds:
        return too_often(words, seconds, text or _TOO_OFTEN)
    if text is None:
        raise refusal
    return Trouble(words.say(text))


def waiting(words: Words, seconds: int) -> str:
    """When a wait is over: "in 40 Sekunden", rounded up to what people count."""
    if seconds < 60:
        return _in(words.ngettext("in %(num)s Sekunde", "in %(num)s Sekunden", seconds), seconds)
    if seconds <= _HOUR:
        minutes = -(-seconds // 60)
        return _in(words.ngettext("in %(num)s Minute", "in %(num)s Minuten", minutes), minutes)
    hours = -(-seconds // _HOUR)
    return _in(words.ngettext("in %(num)s Stunde", "in %(num)s Stunden", hours), hours)


def _in(text: str, count: int) -> str:
    return text % {"num": count}


def _invalid(words: Words, refusal: Refusal) -> Trouble:
    names = [each.field.rsplit(".", 1)[-1] for each in refusal.fields]
    found = {name: words.say(FIELDS[name]) for name in names if name in FIELDS}
    if not found:
        raise refusal
    return Trouble(words.say(_CHECK), found)
