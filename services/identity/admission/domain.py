"""What keeps a person from a record that was probably meant, and which record that is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from services.identity.accounts.domain import Candidate, Judgement

Obstacle: TypeAlias = Literal["none", "mobile", "birth_date", "locked", "question"]
Place: TypeAlias = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Addressee:
    """A record with the address that a person proved."""

    practice_id: UUID
    patient_id: UUID
    bound: bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """One registration as the practice may see it: how far it got, nothing of what was typed."""

    mobile_proven: bool
    obstacle: Obstacle
    noticed_at: datetime
    proofs_end_at: datetime


def meant(addressees: Iterable[Addressee]) -> frozenset[Place]:
    """The records that a person with an unknown number meant: in each practice those that nobody reads yet.

    Where all are read, the reader may have got a new number: then it is all of them.
    """
    by_practice: dict[UUID, list[Addressee]] = {}
    for each in addressees:
        by_practice.setdefault(each.practice_id, []).append(each)
    chosen = ([each for each in held if not each.bound] or held for held in by_practice.values())
    return frozenset((each.practice_id, each.patient_id) for held in chosen for each in held)


def obstacles(candidates: Iterable[Candidate], judgement: Judgement) -> dict[Place, Obstacle]:
    """What keeps a person, who proved the pair of these records, from those that it could be for."""
    wrong = {(each.practice_id, each.patient_id) for each in judgement.wrong}
    found: dict[Place, Obstacle] = {}
    for each in candidates:
        place = (each.practice_id, each.patient_id)
        if each.conflict:
            found[place] = "question"
        elif place in wrong:
            found[place] = "birth_date"
        elif each.locked and not each.represented:
            found[place] = "locked"
    return found
