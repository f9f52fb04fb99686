"""The form of a patient's record: what was typed, what of it is new, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from typing import Final

from chassis.refusal import Refusal
from praxispost.identity.v1.patients_pb2 import PatientData
from praxispost.identity.v1.practices_pb2 import Language
from services.portal.practice.patients.ages import iso_date
from services.portal.visits import Form
from services.portal.words import Words, mark

FIELDS: Final = ("given_name", "family_name", "birth_date", "email", "mobile", "language")
CONTACT: Final = frozenset({"email", "mobile"})
_LANGUAGES: Final[Mapping[str, Language.ValueType]] = {
    "": Language.LANGUAGE_UNSPECIFIED,
    "de": Language.LANGUAGE_GERMAN,
    "en": Language.LANGUAGE_ENGLISH,
}
_LANGUAGE_NAMES: Final = {value: name for name, value in _LANGUAGES.items()}
_WRITTEN_WITH: Final = str.maketrans("", "", " -/()\u00a0\u202f")
_WRONG: Final[Mapping[str, str]] = {
    "given_name": mark("Der Vorname hat 1 bis 80 Zeichen."),
    "family_name": mark("Der Nachname hat 1 bis 80 Zeichen."),
    "birth_date": mark("Bitte geben Sie einen Tag an, den es gibt, zum Beispiel 12.08.1964."),
    "email": mark("An diese E-Mail-Adresse können wir nicht schreiben. Bitte prüfen Sie sie."),
    "mobile": mark("Das ist keine Handynummer, die SMS bekommen kann. Eine Festnetznummer genügt nicht."),
}


def typed_in(form: Form) -> dict[str, str]:
    """What was typed, by the fields' names."""
    return {name: form.line(name) for name in FIELDS}


def stored_in(data: PatientData, words: Words) -> dict[str, str]:
    """What the record says, as the form shows it."""
    return {
        "given_name": data.given_name,
        "family_name": data.family_name,
        "birth_date": words.day(data.birth_date),
        "email": data.email,
        "mobile": data.mobile,
        "language": _LANGUAGE_NAMES.get(data.language, ""),
    }


def data_of(typed: Mapping[str, str]) -> PatientData:
    """What was typed, as identity takes it."""
    return PatientData(
        given_name=typed["given_name"],
        family_name=typed["family_name"],
        birth_date=iso_date(typed["birth_date"]),
        email=typed["email"],
        mobile=typed["mobile"],
        language=_LANGUAGES.get(typed["language"], Language.LANGUAGE_UNSPECIFIED),
    )


def changed_fields(before: PatientData, after: PatientData) -> list[str]:
    """The fields that say something else; another way to write the same number is none."""
    return [name for name in FIELDS if _plain(name, before) != _plain(name, after)]


def errors_of(words: Words, refusal: Refusal) -> dict[str, str]:
    """What is wrong, by the fields' names. Raises the refusal where it is about no field of the form."""
    names = [each.field.rsplit(".", 1)[-1] for each in refusal.fields]
    found = {name: words.say(_WRONG[name]) for name in names if name in _WRONG}
    if refusal.reason != "INVALID_FIELD" or not found:
        raise refusal
    return found


def stored_hints(words: Words, stored: Mapping[str, str], fields: Sequence[str]) -> dict[str, str]:
    """What the record says by now where something else was typed."""
    return {
        name: words.say("Gespeichert ist: %(value)s", value=stored[name] or words.say("nichts"))
        for name in fields
        if name != "language"
    }


def _plain(name: str, data: PatientData) -> str:
    value = str(getattr(data, name))
    return value.translate(_WRITTEN_WITH) if name == "mobile" else value.strip()
