"""Everything that staff, persons and the worker can do in the small world of `reading`, drawn at random."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import TypeAlias, TypeVar

from hypothesis import strategies as st

from chassis.grpc_client import AioRpcError
from praxispost.identity.v1 import access_pb2
from praxispost.identity.v1.readers_pb2 import (
    REPRESENTATION_BASIS_AUTHORISATION,
    REPRESENTATION_BASIS_CUSTODY,
    OwnContact,
    Represented,
    SamePerson,
)
from tests.integration.identity.organisation.house import House, somebody
from tests.integration.identity.organisation.reading import World, reason_of
from tests.integration.identity.organisation.reading_practices import Answer
from tests.integration.identity.organisation.reading_rules import (
    Before,
    Login,
    Pair,
    Record,
    amiss,
    stands,
)

EMAILS, MOBILES, RECORDS, PRACTICES, AGES = 3, 3, 5, 2, 5
MARKS = (
    access_pb2.PATIENT_MARK_DECEASED,
    access_pb2.PATIENT_MARK_OBJECTED,
    access_pb2.PATIENT_MARK_PERMITTED,
)

T = TypeVar("T")
Operation: TypeAlias = Callable[["Town"], Awaitable[None]]

records, practices = st.integers(0, RECORDS - 1), st.integers(0, PRACTICES - 1)
places, ages = st.integers(0, EMAILS * MOBILES - 1), st.integers(0, AGES - 1)
mostly = st.sampled_from((True, True, True, False))


class Town(World):
    """A world with few addresses, numbers and birth dates, so that people get in each other's way."""

    def __init__(self, house: House, practices: int) -> None:
        super().__init__(house, [])
        self.pairs = new_pairs()
        self.births = _births(self.today)
        self.wanted = practices
        self.before = Before()

    async def open(self) -> "Town":
        """With its practices."""
        self.practices = [(await self.house.practice()).id for _ in range(self.wanted)]
        return self

    async def look_around(self) -> None:
        """Hold what stands now against the rules; also between two steps of what is one operation."""
        await self.look_at_records()
        known, read = self.known(), await self.read()
        assert not (wrong := amiss(known, read, self.before)), "\n".join(wrong)
        self.before = stands(known, read, self.before)


def new_pairs() -> list[Pair]:
    """All pairs of a few addresses and numbers that nothing has used before."""
    people = [somebody() for _ in range(max(EMAILS, MOBILES))]
    return [Pair(one.email, other.mobile) for one in people[:EMAILS] for other in people[:MOBILES]]


def _births(today: date) -> tuple[str, ...]:
    """Two adults, a child, and two who soon turn 14 and 18."""
    soon = today + timedelta(days=12)
    turning = [date(soon.year - years, soon.month, min(soon.day, 28)).isoformat() for years in (14, 18)]
    return ("1961-04-12", "1990-02-28", f"{today.year - 7}-09-09", *turning)


def picked(among: list[T], place: int) -> T | None:
    """One of these, whatever number was drawn."""
    return among[place % len(among)] if among else None


@st.composite
def beginning(draw: st.DrawFn) -> Operation:
    """Somebody reads the own record; perhaps with a child, or somebody else with the same address."""
    practice, place, imported = draw(practices), draw(places), draw(st.booleans())
    company, age = draw(st.sampled_from(("", "child", "other"))), draw(st.integers(2, AGES - 1))
    right = draw(mostly)

    async def begin(town: Town) -> None:
        practice_id, pair = town.practices[practice], town.pairs[place]
        if imported:
            await town.bring(practice_id, "P1", pair, town.births[0])
            await town.look_at_records()
        else:
            await town.create(practice_id, pair, town.births[0])
        mine = [each for each in town.records if each.practice_id == practice_id and each.pair == pair]
        if not mine:  # the import found a verified pair
            return
        own = mine[0]
        # Refused with another birth date, where that is drawn: then nobody has registered.
        await town.register(pair, town.births[0 if right else 1])
        if company == "child":
            await town.create(practice_id, pair, town.births[age])
            child = town.records[-1]
            await town.answer(child, documented("custody", child.patient_id, own.patient_id))
        elif company == "other":
            others = town.pairs[place - place % MOBILES + (place + 1) % MOBILES]
            await town.create(practice_id, others, town.births[1])
            await town.answer(town.records[-1], OwnContact())
            await town.register(others, town.births[1])

    return begin


@st.composite
def creating(draw: st.DrawFn) -> Operation:
    practice, pair, age = draw(practices), draw(places), draw(ages | st.none())
    shared, record = draw(st.booleans()), draw(records)

    async def create(town: Town) -> None:
        like = picked(town.records, record)
        if len(town.records) < RECORDS:
            birth_date = "" if age is None else town.births[age]
            if shared and like is not None:
                await town.create(like.practice_id, like.pair, birth_date)
            else:
                await town.create(town.practices[practice], town.pairs[pair], birth_date)

    return create


@st.composite
def editing(draw: st.DrawFn) -> Operation:
    record, pair, age = draw(records), draw(places), draw(ages)
    what = draw(st.sampled_from(("contact", "contact", "birth date", "release", "mark")))
    mark = draw(st.sampled_from(MARKS))

    async def edit(town: Town) -> None:
        chosen = picked(town.records, record)
        if chosen is None:
            return
        match what:
            case "contact":
                await town.edit(chosen, town.pairs[pair])
            case "birth date":
                await town.edit_birth_date(chosen, town.births[age])
            case "release":
                await town.release_birth_date(chosen)
            case "mark":
                await town.mark(chosen, mark)

    return edit


async def log_in_again(town: Town) -> None:
    """Who has an account, each once; also where another one is refused."""
    for each in {each.account_id: each for each in town.logins}.values():
        try:
            await town.log_in(each)
        except AioRpcError as error:
            reason_of(error)


@st.composite
def registering(draw: st.DrawFn) -> Operation:
    record, pair, age = draw(records), draw(places), draw(ages)
    known_pair, right, settled = draw(mostly), draw(mostly), draw(st.booleans())

    async def register(town: Town) -> None:
        open_ones = [each for each in town.records if not (each.asked and settled)]
        chosen = picked(open_ones, record)
        who = chosen.pair if chosen is not None and known_pair else town.pairs[pair]
        birth_date = chosen.birth_date if chosen is not None and right else ""
        await town.register(who, birth_date or town.births[age])

    return register


@st.composite
def being_a_person(draw: st.DrawFn) -> Operation:
    login, pair, age, record = draw(records), draw(places), draw(ages), draw(records)
    right = draw(mostly)
    do = draw(
        st.sampled_from(("accept", "accept", "change", "change", "log in", "reset", "object", "delete"))
    )

    async def act(town: Town) -> None:
        chosen = picked(town.logins, login)
        if chosen is not None:
            await _act(town, chosen, _birth_date(town, record, age, right=right), town.pairs[pair])

    async def _act(town: Town, chosen: Login, birth_date: str, new: Pair) -> None:
        match do:
            case "accept":
                await town.accept_offers(chosen, birth_date)
            case "change":
                await town.change_contact(chosen, new)
            case "log in":
                await town.log_in(chosen)
            case "reset":
                await town.reset_password(chosen.pair)
            case "object":
                await town.object(chosen)
            case "delete":
                await town.delete_account(chosen)

    return act


def _birth_date(town: Town, record: int, age: int, *, right: bool) -> str:
    known = picked(town.records, record)
    return known.birth_date if known is not None and right and known.birth_date else town.births[age]


@st.composite
def bringing(draw: st.DrawFn) -> Operation:
    practice, number, pair, age = draw(practices), draw(st.sampled_from((1, 1, 2))), draw(places), draw(ages)

    async def bring(town: Town) -> None:
        await town.bring(town.practices[practice], f"P{number}", town.pairs[pair], town.births[age])

    return bring


@st.composite
def answering(draw: st.DrawFn) -> Operation:
    asked, other, sensible, swapped = draw(records), draw(records), draw(mostly), draw(st.booleans())
    kind = draw(st.sampled_from(("merge", "reads", "reads", "custody", "authorised", "own")))
    days = draw(st.sampled_from((0, 0, 5, 15)))

    async def answer(town: Town) -> None:
        await _somebody_is_asked(town, other)
        of = picked([each for each in town.records if each.asked] or town.records, asked)
        by = None if of is None else picked(_sharing(town, of), other)
        if of is None or by is None:
            return
        first, second = (by, of) if swapped else (of, by)
        if sensible and first.birth_date < second.birth_date:
            first, second = second, first
        how = kind if kind != "reads" else "custody" if first.is_minor(town.today) else "authorised"
        ends_on = (town.today + timedelta(days=days)).isoformat() if days else ""
        if how == "merge":
            other_id = by.patient_id
            said: Answer = SamePerson(other_patient_id=other_id, archived_patient_id=first.patient_id)
        else:
            said = documented(how, first.patient_id, second.patient_id, ends_on)
        await town.answer(of, said)

    return answer


async def _somebody_is_asked(town: Town, like: int) -> None:
    """Where nobody is, somebody else comes with the contact data of a record."""
    known = [each for each in town.records if not each.archived]
    chosen = picked(known, like)
    if chosen is not None and not any(each.asked for each in known):
        await town.create(chosen.practice_id, chosen.pair, town.births[1 if like % 2 else 2])
        await town.look_at_records()


def _sharing(town: Town, of: Record) -> list[Record]:
    """Who has the address too; where nobody has, everybody else."""
    others = [each for each in town.records if each is not of]
    return [
        each
        for each in others
        if each.practice_id == of.practice_id and each.pair.email == of.pair.email and not each.archived
    ] or others


def documented(kind: str, represented: str, representative: str, ends_on: str = "") -> Answer:
    """The answer of this kind."""
    if kind == "own":
        return OwnContact()
    custody = kind == "custody"
    return Represented(
        represented_patient_id=represented,
        representative_id=representative,
        basis=REPRESENTATION_BASIS_CUSTODY if custody else REPRESENTATION_BASIS_AUTHORISATION,
        basis_note="" if custody else "Vollmacht vom 3. März",
        ends_on=ends_on,
    )


@st.composite
def ending(draw: st.DrawFn) -> Operation:
    record = draw(records)

    async def end(town: Town) -> None:
        represented = [each for each in town.records if each.patient_id in town.documents]
        chosen = picked(represented or town.records, record)
        if chosen is not None:
            await town.end_representation(chosen)

    return end


@st.composite
def passing(draw: st.DrawFn) -> Operation:
    hours, coming_back = draw(st.sampled_from((1, 24 * 3, 24 * 15))), draw(st.booleans())

    async def let_pass(town: Town) -> None:
        town.house.clock.advance(timedelta(hours=hours))
        if coming_back:
            await log_in_again(town)

    return let_pass


@st.composite
def working_off(draw: st.DrawFn) -> Operation:
    coming_back = draw(mostly)

    async def work_off(town: Town) -> None:
        await town.work_off()
        for pair in sorted({pair for pair, _ in town.given}, key=lambda each: (each.email, each.mobile)):
            if coming_back:
                await town.come_back(pair)

    return work_off


operations = st.lists(
    creating()
    | registering()
    | registering()
    | registering()
    | editing()
    | editing()
    | answering()
    | answering()
    | being_a_person()
    | being_a_person()
    | ending()
    | bringing()
    | working_off()
    | passing(),
    min_size=6,
    max_size=10,
)
beginnings = st.lists(beginning(), min_size=1, max_size=2)
