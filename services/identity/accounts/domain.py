"""Which patients an account may be bound to: ambiguity and a wrong birth date never bind."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from services.identity.patients.domain import BIRTH_DATE_TRIES

SELF: Final = "self"
REPRESENTATIVE: Final = "representative"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that holds the proven pair; `bound_to` is the account it is bound to, if any.

    `conflict`: it is asked who reads. `represented`: somebody else reads for the patient, and
    `shares_with_reader` says that this somebody's record has the same e-mail address.
    """

    practice_id: UUID
    patient_id: UUID
    birth_date_index: bytes | None
    conflict: bool
    birth_date_tries: int
    bound_to: UUID | None
    represented: bool = False
    shares_with_reader: bool = False

    @property
    def locked(self) -> bool:
        return self.birth_date_tries >= BIRTH_DATE_TRIES


@dataclass(frozen=True, slots=True)
class SuspendedBinding:
    """A binding that staff suspended by changing the record's pair, and the birth date that it rests on."""

    patient_id: UUID
    birth_date_index: bytes | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What becomes of candidates: bound now, bound to this account before, given a wrong birth date."""

    to_bind: tuple[Candidate, ...]
    bound_before: tuple[Candidate, ...]
    wrong: tuple[Candidate, ...]

    @property
    def matched(self) -> bool:
        return bool(self.to_bind or self.bound_before)


def judge(
    candidates: Iterable[Candidate], birth_dates: Mapping[UUID, bytes], account_id: UUID | None
) -> Judgement:
    """Judge records by the given birth date, which has another index in every practice (`birth_dates`).

    A record without a birth date asks for none. None as account means one that does not exist yet.
    """
    open_ones = [each for each in _unambiguous(tuple(candidates)) if _is_open_to(each, account_id)]
    right = [each for each in open_ones if each.birth_date_index in (None, birth_dates[each.practice_id])]
    return Judgement(
        to_bind=tuple(each for each in right if each.bound_to is None),
        bound_before=tuple(each for each in right if each.bound_to is not None),
        wrong=tuple(each for each in open_ones if each not in right),
    )


def offered(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The records that are bound to nobody yet and could be."""
    return [each for each in _unambiguous(tuple(candidates)) if _is_open_to(each, None)]


def returning(
    candidates: Iterable[Candidate], suspended: Iterable[SuspendedBinding]
) -> tuple[Candidate, ...]:
    """Which records the account of these suspended bindings reads again, without being asked anything.

    Not those with another birth date than the one that was given for them.
    """
    proven = {(each.patient_id, each.birth_date_index) for each in suspended}
    read_before = {patient_id for patient_id, _ in proven}
    return tuple(
        each
        for each in offered(candidates)
        if (each.patient_id, each.birth_date_index) in proven
        or (each.birth_date_index is None and each.patient_id in read_before)
    )


def _unambiguous(candidates: tuple[Candidate, ...]) -> list[Candidate]:
    practices = dict.fromkeys(each.practice_id for each in candidates)
    found = (_holder([each for each in candidates if each.practice_id == practice]) for practice in practices)
    return [each for each in found if each is not None]


def _holder(sharing: list[Candidate]) -> Candidate | None:
    """Whose pair it is, of one practice's records that have it; None where that is not settled.

    Who is represented reads by the representative's login where the pair is another's too.
    """
    if any(each.conflict for each in sharing):
        return None
    own = [each for each in sharing if not each.represented]
    if len(own) == 1:
        return own[0]
    alone = len(sharing) == 1 and not sharing[0].shares_with_reader
    return sharing[0] if alone else None


def _is_open_to(candidate: Candidate, account_id: UUID | None) -> bool:
    return not candidate.locked and candidate.bound_to in (None, account_id)
