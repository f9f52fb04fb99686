"""Finds patients by beginnings of names and a birth date, through keyed tokens only."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, exists

from chassis.keys import BlindIndex
from chassis.refusal import invalid
from services.identity.patients.names import SHORTEST, beginnings, spellings
from services.identity.tables.practices import patient, patient_search

PATIENT_INDEX_KEY: Final = "patient-index"

_MOST_WORDS: Final = 6
_GERMAN_DATE: Final = re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})", re.ASCII)
_ISO_DATE: Final = re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What was typed: words, each in the spellings it is found by, and a birth date."""

    words: tuple[frozenset[str], ...]
    birth_date: date | None


def parsed_query(field: str, typed: str) -> SearchQuery:
    """Return what to look for; refuses neither word nor date, two dates, short words and more than six."""
    dates: list[date] = []
    words: list[frozenset[str]] = []
    for part in typed.split():
        written = _GERMAN_DATE.fullmatch(part) or _ISO_DATE.fullmatch(part)
        if written is None:
            words.extend(spellings(part))
        else:
            dates.append(_date(field, written))
    if not words and not dates:
        raise invalid(field, "must hold the beginning of a name or a birth date")
    if len(dates) > 1 or len(words) > _MOST_WORDS:
        raise invalid(field, f"must hold at most {_MOST_WORDS} words and one birth date")
    if any(min(map(len, word)) < SHORTEST for word in words):
        raise invalid(field, f"must have words of at least {SHORTEST} letters")
    return SearchQuery(tuple(words), dates[0] if dates else None)


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """Keyed tokens of one practice each: equal names in two practices have different ones."""

    index: BlindIndex

    def tokens(self, practice_id: UUID, names: Iterable[str]) -> frozenset[bytes]:
        """Return the tokens that a record with these names is found by."""
        return frozenset(self._tokens(practice_id, beginnings(names)))

    def birth_date(self, practice_id: UUID, birth_date: date) -> bytes:
        """Return the token of a birth date."""
        return self.index.of("birth date", f"{practice_id} {birth_date.isoformat()}")

    def external_id(self, practice_id: UUID, external_id: str) -> bytes:
        """Return what finds the record of a patient by the number that the practice's own system gives."""
        return self.index.of("external id", f"{practice_id} {external_id}")

    def conditions(self, practice_id: UUID, query: SearchQuery) -> list[ColumnElement[bool]]:
        """Return what a row must fulfil: every word begins a name, and the birth date is the given one."""
        found = [self._has_word(practice_id, word) for word in query.words]
        if query.birth_date is not None:
            found.append(patient.c.birth_date_index == self.birth_date(practice_id, query.birth_date))
        return found

    def _has_word(self, practice_id: UUID, word: frozenset[str]) -> ColumnElement[bool]:
        return exists().where(
            patient_search.c.practice_id == practice_id,
            patient_search.c.patient_id == patient.c.id,
            patient_search.c.token.in_(self._tokens(practice_id, word)),
        )

    def _tokens(self, practice_id: UUID, words: Iterable[str]) -> list[bytes]:
        practice = str(practice_id)
        return self.index.of_each("beginning of a name", [f"{practice} {each}" for each in words])


def _date(field: str, written: re.Match[str]) -> date:
    try:
        return date(int(written["year"]), int(written["month"]), int(written["day"]))
    except ValueError:
        raise invalid(field, "must hold a birth date that exists") from None
