"""Rows of an import on their way in: found by the practice's own numbers, checked like what staff type."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from chassis.refusal import Refusal, invalid
from chassis.validation import one_line
from praxispost.identity.v1 import imports_pb2, patients_pb2
from services.identity.imports.domain import MOST_IN_A_PART, Rejection
from services.identity.patients.domain import PatientData
from services.identity.patients.search import SearchIndex
from services.identity.patients.translation import Surroundings, changed_data, new_data

_EXTERNAL_ID: Final = 80
_FIELDS: Final = tuple(field.name for field in patients_pb2.PatientData.DESCRIPTOR.fields)


@dataclass(frozen=True, slots=True)
class Row:
    """A row that has a number; `place` is where it stands in the import."""

    place: int
    external_index: bytes
    given: patients_pb2.PatientData


def numbered(
    rows: Sequence[imports_pb2.ImportRow], first_place: int, practice_id: UUID, search: SearchIndex
) -> tuple[list[Row], dict[int, Rejection]]:
    """A part's rows that have numbers, and why others have none; refuses an empty, long or ambiguous part."""
    if not 1 <= len(rows) <= MOST_IN_A_PART:
        raise invalid("rows", f"must hold 1 to {MOST_IN_A_PART} rows")
    good: list[Row] = []
    rejected: dict[int, Rejection] = {}
    for place, row in enumerate(rows, first_place):
        try:
            number = one_line("external_id", row.external_id.strip(), maximum=_EXTERNAL_ID)
        except Refusal as refusal:
            rejected[place] = rejection(refusal)
        else:
            good.append(Row(place, search.external_id(practice_id, number), row.data))
    if len({row.external_index for row in good}) < len(good):
        raise invalid("rows", "must not hold an external id twice")
    return good, rejected


def imported_data(
    given: patients_pb2.PatientData, before: PatientData | None, around: Surroundings
) -> PatientData | Rejection:
    """What a record will say by the row alone; a field that the row leaves empty stays as it is."""
    try:
        if before is None:
            return new_data(given, around)
        said = frozenset(name for name in _FIELDS if getattr(given, name))
        return changed_data(before, given, said, around)
    except Refusal as refusal:
        return rejection(refusal)


def rejection(refusal: Refusal) -> Rejection:
    """The first thing that was wrong; anything but a malformed field is not the row's fault."""
    if not refusal.fields:
        raise refusal
    return Rejection(refusal.fields[0].field, refusal.fields[0].description)
