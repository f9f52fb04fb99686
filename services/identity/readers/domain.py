"""When it is asked who reads, what an answer must fulfil, and how long a representation holds."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal, TypeAlias
from uuid import UUID

from services.identity import refusals
from services.identity.patients.domain import PatientData

Cause: TypeAlias = Literal["contact_shared", "fourteen", "representation_ended"]
Basis: TypeAlias = Literal["custody", "authorisation"]

ASKED_AGAIN_AT: Final = 14
OF_AGE_AT: Final = 18
# How long before its end the practice is told that a representation ends.
TOLD_BEFORE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Holder:
    """A record that may be sent to, what it is found by, and what is asked or was answered of it.

    `answered`: staff have answered for this record since it has its present contact data.
    """

    id: UUID
    email_index: bytes | None
    pair_index: bytes | None
    question: Cause | None
    answered: bool


@dataclass(frozen=True, slots=True)
class Questions:
    """Which questions are to be opened and closed."""

    to_open: frozenset[UUID]
    to_close: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Subject:
    """What an answer must know of a record."""

    id: UUID
    email_index: bytes | None
    pair_index: bytes | None
    birth_date: date | None
    archived: bool
    represented: bool
    represents: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """What a representation rests on and the first day on which it does not hold any more."""

    note: str
    ends_on: date | None


def due(holders: Iterable[Holder], readers: Mapping[UUID, UUID], arrived: Collection[UUID]) -> Questions:
    """Which questions follow from the contact data as they are now.

    `holders` are all records with the addresses concerned, `readers` says who represents whom. `arrived` have
    just got their contact data or lost their representative: only they are asked about; who was there before
    is left alone.
    """
    held = tuple(holders)
    at_address: dict[bytes | None, list[Holder]] = {}
    for each in held:
        at_address.setdefault(each.email_index, []).append(each)
    shared = {
        each.id
        for each in held
        if any(_asks(each, other, readers, arrived) for other in at_address[each.email_index])
    }
    return Questions(
        to_open=frozenset(
            each.id for each in held if each.question is None and each.id in arrived and each.id in shared
        ),
        to_close=frozenset(
            each.id
            for each in held
            if each.question is not None and each.id not in shared and not _asked_for_age(each, readers)
        ),
    )


def _asked_for_age(holder: Holder, readers: Mapping[UUID, UUID]) -> bool:
    """Whether a person of 14 is asked about a representation that goes on: only an answer closes that."""
    return holder.question == "fourteen" and holder.id in readers


def _asks(holder: Holder, other: Holder, readers: Mapping[UUID, UUID], arrived: Collection[UUID]) -> bool:
    if holder.id == other.id or holder.email_index is None or holder.email_index != other.email_index:
        return False
    if holder.answered and holder.id not in arrived:
        return False
    reader, others_reader = readers.get(holder.id), readers.get(other.id)
    one_reads_for_the_other = reader == other.id or others_reader == holder.id
    return not one_reads_for_the_other and (reader is None or reader != others_reader)


def birthday(born: date, years: int) -> date:
    """The day on which somebody has that age; who was born on 29 February has it on 1 March (§ 188 BGB)."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


def is_minor(born: date, today: date) -> bool:
    """Whether somebody is under 18."""
    return today < birthday(born, OF_AGE_AT)


def end_of(basis: Basis, terms: Terms, born: date | None) -> date | None:
    """The first day on which a representation does not hold any more; None where it has no end.

    Custody ends with the 18th birthday; where nobody knows that day any more, it has ended.
    """
    if basis == "authorisation":
        return terms.ends_on
    of_age = date.min if born is None else birthday(born, OF_AGE_AT)
    return of_age if terms.ends_on is None else min(of_age, terms.ends_on)


def holds(basis: Basis, terms: Terms, born: date | None, today: date) -> bool:
    """Whether somebody may read for somebody today."""
    end = end_of(basis, terms, born)
    return end is None or today < end


def is_to_be_asked_again(basis: Basis, born: date | None, began_on: date, today: date) -> bool:
    """Whether the represented has turned 14 since the representation began."""
    if basis != "custody" or born is None:
        return False
    return began_on < birthday(born, ASKED_AGAIN_AT) <= today


def ends_soon(basis: Basis, terms: Terms, born: date | None, today: date) -> bool:
    """Whether the practice is to be told that it ends."""
    end = end_of(basis, terms, born)
    return end is not None and today >= end - TOLD_BEFORE


def check_share(asked: Subject, other: Subject) -> None:
    """Refuses where two records do not have the same e-mail address."""
    if asked.id == other.id or asked.email_index is None or asked.email_index != other.email_index:
        raise refusals.contact_not_shared()


def check_representation(represented: Subject, representative: Subject, basis: Basis, today: date) -> None:
    """Refuses chains, representatives who are minors, custody of adults and of who has no birth date."""
    if represented.id == representative.id or represented.represents or representative.represented:
        raise refusals.representative_not_possible()
    if representative.birth_date is not None and is_minor(representative.birth_date, today):
        raise refusals.representative_not_possible()
    if basis == "custody":
        if represented.birth_date is None:
            raise refusals.birth_date_missing()
        if not is_minor(represented.birth_date, today):
            raise refusals.not_a_minor()
    elif represented.birth_date is not None and is_minor(represented.birth_date, today):
        raise refusals.still_a_minor()


def check_merge(archived: Subject, kept: Subject, today: date) -> None:
    """Refuses where the kept record's patient would represent somebody and cannot."""
    if not archived.represents:
        return
    if kept.represented or (kept.birth_date is not None and is_minor(kept.birth_date, today)):
        raise refusals.representative_not_possible()


def check_own_contact(asked: Subject, others: Iterable[Subject]) -> None:
    """Refuses where the pair is not complete, or another record's too: nobody could tell who proves it."""
    if asked.pair_index is None or any(each.pair_index == asked.pair_index for each in others):
        raise refusals.contact_still_shared()


def moved_along(before: PatientData, after: PatientData, represented: PatientData) -> PatientData:
    """What a represented patient's record says once the representative's went from `before` to `after`.

    Prompts go to the address: who has the representative's gets the new one, and with it the new number where
    the number was the same, too.
    """
    if before.email is None or represented.email is None:
        return represented
    if before.email.casefold() != represented.email.casefold():
        return represented
    same_number = before.mobile is not None and before.mobile == represented.mobile
    return replace(represented, email=after.email, mobile=after.mobile if same_number else represented.mobile)
