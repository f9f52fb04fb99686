"""What must hold of who reads what, whatever was done before: rules apart from the code that they judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from chassis.caller import Entitlement


@dataclass(frozen=True, slots=True)
class Pair:
    """An address and a number."""

    email: str
    mobile: str


@dataclass(slots=True)
class Record:
    """What a practice's record says now, and what the practice is told of it.

    `asked`: who reads is an open question; `answered`: staff answered it for the present contact data.
    """

    practice_id: UUID
    patient_id: str
    pair: Pair
    birth_date: str
    asked: bool = False
    locked: bool = False
    archived: bool = False
    answered: bool = False

    def is_minor(self, today: date) -> bool:
        """Whether the patient is under 18, as far as the record says."""
        born = date.fromisoformat(self.birth_date) if self.birth_date else date.min
        return (today.year - born.year, today.month, today.day) < (18, born.month, born.day)


@dataclass(slots=True)
class Login:
    """A session of the person who proved this pair, and those that the person had before."""

    pair: Pair
    session: str
    account_id: str
    earlier: set[Pair] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Document:
    """By whom a patient is represented, as staff have documented; custody lasts to the 18th birthday."""

    by: str
    custody: bool = False
    ends_on: str = ""

    def holds(self, represented: Record, today: date) -> bool:
        """Whether it lets anybody read today."""
        if self.ends_on and today >= date.fromisoformat(self.ends_on):
            return False
        return not self.custody or (represented.birth_date != "" and represented.is_minor(today))


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that the rules go by: what is recorded, documented, and was typed by whom, today."""

    records: Mapping[str, Record]
    documents: Mapping[str, Document]
    given: frozenset[tuple[Pair, str]]
    today: date


@dataclass(frozen=True, slots=True)
class Before:
    """What stood before a step: who read for themselves, and to which records nobody could get."""

    selves: Mapping[tuple[str, str], Pair] = field(default_factory=dict)
    """By account and patient: the pair that the record had."""
    closed: frozenset[str] = frozenset()


Read = Sequence[tuple[Login, Sequence[Entitlement]]]


def amiss(known: Known, read: Read, before: Before) -> list[str]:
    """Everything that is not as it must be."""
    found = _unasked(known)
    holders: dict[tuple[UUID, Pair], set[str]] = {}
    for login, entitlements in read:
        own = {str(each.subject_id) for each in entitlements if each.kind == "self"}
        for each in entitlements:
            record = known.records[str(each.subject_id)]
            if record.archived or record.practice_id != each.tenant_id:
                found.append(f"{login} reads what was merged or is another practice's: {record}")
            elif each.kind == "self":
                holders.setdefault((record.practice_id, record.pair), set()).add(login.account_id)
                found += _of_self(known, login, record, before)
            elif not _documented(known, record, own):
                found.append(f"{login} represents without a document: {record}")
    found += [
        f"more than one account holds {pair}" for pair, accounts in holders.items() if len(accounts) > 1
    ]
    return found


def stands(known: Known, read: Read, before: Before) -> Before:
    """What stands now, for the next step; of who has no session at the moment what stood before.

    Not where the record got another pair: that ended it.
    """
    here = {login.account_id for login, _ in read}
    absent = {
        (account, patient): pair
        for (account, patient), pair in before.selves.items()
        if account not in here and known.records[patient].pair == pair
    }
    selves = {
        (login.account_id, str(each.subject_id)): known.records[str(each.subject_id)].pair
        for login, entitlements in read
        for each in entitlements
        if each.kind == "self"
    }
    return Before(
        selves=absent | selves,
        closed=frozenset(each.patient_id for each in known.records.values() if each.asked or each.locked),
    )


def _of_self(known: Known, login: Login, record: Record, before: Before) -> list[str]:
    if record.pair != login.pair:
        return [f"{login} reads with another pair: {record}"]
    if (login.account_id, record.patient_id) in before.selves:
        return []
    why = _why_not_bind(known, login, record, before)
    return [f"{login} was bound though {why}: {record}"] if why else []


def _why_not_bind(known: Known, login: Login, record: Record, before: Before) -> str:
    if record.birth_date and not any(
        (pair, record.birth_date) in known.given for pair in (login.pair, *login.earlier)
    ):
        return "the birth date was never given"
    if record.patient_id in before.closed and (record.asked or record.locked):
        return "it is asked who reads, or the birth date is locked"
    for other in _others(known, record):
        if other.pair == record.pair and other.patient_id not in known.documents:
            return f"another record has the pair, too, {other}"
        if other.pair.email == record.pair.email and _is(known, record, other):
            return f"somebody else with this address reads for the patient, {other}"
    return ""


def _unasked(known: Known) -> list[str]:
    """An address that two records have is asked about, or was answered, or one reads for the other."""
    return [
        f"nobody is asked who reads: {one} {other}"
        for one in known.records.values()
        for other in _others(known, one)
        if one.pair.email
        and one.pair.email == other.pair.email
        and not any(each.asked or each.answered for each in (one, other))
        and not _tied(known, one, other)
    ]


def _others(known: Known, one: Record) -> list[Record]:
    """The records of the practice with which this one could be taken for the other's."""
    if one.archived:
        return []
    return [
        each
        for each in known.records.values()
        if each.patient_id != one.patient_id and each.practice_id == one.practice_id and not each.archived
    ]


def _documented(known: Known, represented: Record, own: set[str]) -> bool:
    document = known.documents.get(represented.patient_id)
    return document is not None and document.by in own and document.holds(represented, known.today)


def _is(known: Known, represented: Record, representative: Record) -> bool:
    """Also where the document has run out: until that is settled nobody else is bound."""
    document = known.documents.get(represented.patient_id)
    return document is not None and document.by == representative.patient_id


def _tied(known: Known, one: Record, other: Record) -> bool:
    document, others = known.documents.get(one.patient_id), known.documents.get(other.patient_id)
    same_reader = document is not None and others is not None and document.by == others.by
    return same_reader or _is(known, one, other) or _is(known, other, one)
