"""What the pages say, in German or English, and how they write dates, times and sizes."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from google.protobuf.timestamp_pb2 import Timestamp

Language: TypeAlias = Literal["de", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
_TEXTS: Final = Path(__file__).with_name("texts")
_LOCALES: Final[Mapping[Language, Locale]] = {"de": Locale("de"), "en": Locale("en", "GB")}
_UNITS: Final = ("kB", "MB", "GB", "TB")


def mark(text: str) -> str:
    """The German text itself: marks one that stands outside of a function to be translated where it is
    shown."""
    return text


class Words:
    """One language. The German texts stand in templates and code; `texts/en/*.po` translates each of them."""

    def __init__(self, language: Language, zone: ZoneInfo) -> None:
        self.language = language
        self._zone = zone
        self._locale = _LOCALES[language]
        self._texts = translations(language)

    def gettext(self, text: str) -> str:
        """The translation, or the German text where there is none."""
        return self._texts.get(text, text)

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """The translation that fits the number."""
        return self.gettext(singular if count == 1 else plural)

    def say(self, text: str, **values: object) -> str:
        """The translation with `%(name)s` filled in."""
        return self.gettext(text) % values if values else self.gettext(text)

    def local(self, at: Timestamp | datetime) -> datetime:
        """The moment in the time zone of the pages."""
        moment = at.ToDatetime(UTC) if isinstance(at, Timestamp) else at
        return moment.astimezone(self._zone)

    def end_of(self, day: date) -> datetime:
        """The last second of a day in the time zone of the pages."""
        return datetime.combine(day, time(23, 59, 59), self._zone)

    def moment(self, at: Timestamp | datetime) -> str:
        """Date and time in full: "23.11.2026, 08:15"."""
        local = self.local(at)
        return f"{self.day(local.date())}, {self.time(local)}"

    def time(self, at: Timestamp | datetime) -> str:
        """The time of day: "08:15"."""
        return format_time(self.local(at), "HH:mm", tzinfo=self._zone, locale=self._locale)

    def day(self, on: date | str) -> str:
        """A date: "23.11.2026"; also from YYYY-MM-DD. Empty stays empty."""
        if on == "":
            return ""
        known = date.fromisoformat(on) if isinstance(on, str) else on
        return format_date(
            known, "dd.MM.yyyy" if self.language == "de" else "dd/MM/yyyy", locale=self._locale
        )

    def recently(self, at: Timestamp | datetime, now: datetime) -> str:
        """As short as lists want it: the time today, "gestern", the day of the week, else the date."""
        local, today = self.local(at), self.local(now).date()
        if local.date() == today:
            return self.time(local)
        if local.date() == today - timedelta(days=1):
            return self.gettext("gestern")
        if today - timedelta(days=7) < local.date() < today:
            return format_datetime(local, "EEEE", tzinfo=self._zone, locale=self._locale)
        return self.day(local.date())

    def size(self, count: int) -> str:
        """A size as people read it: "1,2 MB"."""
        size, unit = count / 1000, 0
        while size >= 999.5 and unit < len(_UNITS) - 1:
            size, unit = size / 1000, unit + 1
        shown = max(size, 0.1)
        number = format_decimal(shown, "#,##0.#" if shown < 10 else "#,##0", locale=self._locale)
        return f"{number} {_UNITS[unit]}"


def translations(language: Language) -> Mapping[str, str]:
    """All translated texts of a language, by the German one; the same text twice must mean the same."""
    known: dict[str, str] = {}
    for file in sorted((_TEXTS / language).glob("*.po")):
        known |= catalogue(file, language)
    return known


def catalogue(file: Path, language: Language) -> Mapping[str, str]:
    """The translated texts of one file."""
    known: dict[str, str] = {}
    with file.open("rb") as opened:
        for message in read_po(opened, locale=language):
            known |= _translated(message.id, message.string)
    return known


def _translated(text: object, translated: object) -> dict[str, str]:
    """One entry's texts, two of them where it has a plural, with the translations that there are."""
    texts = text if isinstance(text, (tuple, list)) else (text,)
    strings = translated if isinstance(translated, (tuple, list)) else (translated,)
    return {str(de): str(other) for de, other in zip(texts, strings, strict=False) if de and other}


def preferred(accept_language: str) -> Language:
    """English for whoever prefers English to German, otherwise German."""
    best: tuple[float, Language] = (0.0, "de")
    for part in accept_language.split(","):
        tag, _, quality = part.strip().partition(";q=")
        name = tag[:2].lower()
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        for language in LANGUAGES:
            if name == language and weight > best[0]:
                best = (weight, language)
    return best[1]
