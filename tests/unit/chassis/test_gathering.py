"""Gathered wishes are carried out together, and each caller gets their own outcome."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.gathering import Gathering, Outcomes
from chassis.refusal import Refusal


class Nature(Enum):
    """What comes of a wish."""

    GOOD = "good"
    REFUSED = "refused"
    SPOILS_BATCH = "spoils a batch, and is good alone"
    FAILS_ALWAYS = "fails, in a batch and alone"


@dataclass(frozen=True, slots=True)
class Wish:
    """`turns`: after so many turns of the event loop its caller goes away, None: never."""

    number: int
    nature: Nature = Nature.GOOD
    turns: int | None = None


@dataclass
class Store:
    """Carries out: everything of a batch or nothing, in a few turns of the event loop."""

    turns: int = 3
    batches: list[list[int]] = field(default_factory=list)
    stored: list[int] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def carry_out(self, wishes: Sequence[Wish]) -> Outcomes[int]:
        self.batches.append([each.number for each in wishes])
        for _ in range(self.turns):
            await asyncio.sleep(0)
        if self.gate is not None:
            await self.gate.wait()
        if any(self._spoils(each, alone=len(wishes) == 1) for each in wishes):
            raise LookupError("spoilt")
        self.stored += [each.number for each in wishes if each.nature is not Nature.REFUSED]
        return [ValueError(each.number) if each.nature is Nature.REFUSED else -each.number for each in wishes]

    @staticmethod
    def _spoils(wish: Wish, *, alone: bool) -> bool:
        return wish.nature is Nature.FAILS_ALWAYS or (wish.nature is Nature.SPOILS_BATCH and not alone)


def gathering(store: Store, *, most: int = 8, at_once: int = 1, waiting: int = 100) -> Gathering[Wish, int]:
    return Gathering(store.carry_out, most=most, at_once=at_once, most_waiting=waiting)


async def outcome(gathered: Gathering[Wish, int], wish: Wish) -> object:
    """What the caller gets: the answer, the error, or "went away"."""
    call = asyncio.ensure_future(gathered.carry_out(wish, lane=wish.number % 3))
    if wish.turns is not None:
        for _ in range(wish.turns):
            await asyncio.sleep(0)
        call.cancel()
    try:
        return await call
    except asyncio.CancelledError:
        return "went away"
    except (ValueError, LookupError) as error:
        return error.args


async def turns() -> None:
    """Let those who wait for nothing but the event loop go on."""
    for _ in range(5):
        await asyncio.sleep(0)


def expected(wish: Wish) -> object:
    match wish.nature:
        case Nature.REFUSED:
            return (wish.number,)
        case Nature.FAILS_ALWAYS:
            return ("spoilt",)
        case _:
            return -wish.number


@given(
    natures=st.lists(
        st.tuples(st.sampled_from(Nature), st.none() | st.integers(0, 12)), min_size=1, max_size=30
    ),
    most=st.integers(1, 8),
    at_once=st.integers(1, 3),
    turns=st.integers(0, 4),
)
def test_everybody_gets_their_own_outcome(
    natures: list[tuple[Nature, int | None]], most: int, at_once: int, turns: int
) -> None:
    wishes = [Wish(number, nature, away) for number, (nature, away) in enumerate(natures, 1)]
    store = Store(turns)

    async def play() -> list[object]:
        gathered = gathering(store, most=most, at_once=at_once)
        found = await asyncio.gather(*(outcome(gathered, each) for each in wishes))
        # Who went away may leave a batch behind; somebody who comes after it sees it done.
        await gathered.carry_out(Wish(0))
        await asyncio.sleep(0)
        return list(found)

    for wish, found in zip(wishes, asyncio.run(play()), strict=True):
        if found == "went away":
            assert wish.turns is not None
        else:
            assert found == expected(wish)
        never = wish.nature in (Nature.REFUSED, Nature.FAILS_ALWAYS)
        assert store.stored.count(wish.number) <= (0 if never else 1)
        if found == -wish.number:
            assert wish.number in store.stored
    assert all(len(batch) <= most for batch in store.batches)


async def test_what_comes_alone_is_carried_out_at_once_and_the_rest_together() -> None:
    store = Store()
    gathered = gathering(store)
    await asyncio.gather(*(gathered.carry_out(Wish(number)) for number in range(1, 6)))
    assert store.batches == [[1, 2, 3, 4, 5]]
    await gathered.carry_out(Wish(6))
    assert store.batches[1:] == [[6]]


async def test_who_wants_much_does_not_keep_others_from_the_next_batch() -> None:
    store = Store(gate=asyncio.Event())
    gathered = gathering(store, most=2)
    much = [asyncio.create_task(gathered.carry_out(Wish(number), "much")) for number in range(1, 7)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    little = asyncio.create_task(gathered.carry_out(Wish(7), "little"))
    await asyncio.sleep(0)
    assert store.gate is not None
    store.gate.set()
    await asyncio.gather(*much, little)
    assert store.batches[:2] == [[1, 2], [3, 7]]


async def test_another_batch_begins_beside_one_only_where_it_is_whole() -> None:
    store = Store(gate=asyncio.Event())
    gathered = gathering(store, most=3, at_once=2)
    calls = [asyncio.create_task(gathered.carry_out(Wish(1)))]
    await turns()
    calls += [asyncio.create_task(gathered.carry_out(Wish(number))) for number in (2, 3)]
    await turns()
    assert store.batches == [[1]]
    calls += [asyncio.create_task(gathered.carry_out(Wish(number))) for number in (4, 5)]
    await turns()
    assert store.batches == [[1], [2, 3, 4]]
    assert store.gate is not None
    store.gate.set()
    await asyncio.gather(*calls)
    assert store.batches == [[1], [2, 3, 4], [5]]


async def test_who_comes_while_a_batch_is_held_up_does_not_wait_for_its_end() -> None:
    held_up = asyncio.Event()

    async def carry_out(wishes: Sequence[int]) -> Outcomes[int]:
        if 1 in wishes:
            await held_up.wait()
        return wishes

    gathered: Gathering[int, int] = Gathering(carry_out, most=8, at_once=2, most_waiting=8)
    first = asyncio.create_task(gathered.carry_out(1))
    await turns()
    async with asyncio.timeout(20):
        assert await asyncio.gather(*(gathered.carry_out(number) for number in (2, 3))) == [2, 3]
        assert await gathered.carry_out(4) == 4
    assert not first.done()
    held_up.set()
    assert await first == 1


async def test_too_many_who_wait_are_refused() -> None:
    store = Store(gate=asyncio.Event())
    gathered = gathering(store, most=1, waiting=2)
    calls = []
    for number in range(1, 4):
        calls.append(asyncio.create_task(gathered.carry_out(Wish(number))))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    with pytest.raises(Refusal) as refused:
        await gathered.carry_out(Wish(4))
    assert refused.value.reason == "OVERLOADED"
    assert store.gate is not None
    store.gate.set()
    assert await asyncio.gather(*calls) == [-1, -2, -3]


async def test_who_comes_in_the_moment_in_which_the_last_batch_ends_is_not_forgotten() -> None:
    """Callers who have their outcome may ask again before the carrier's end is known to the event loop."""
    gathered = gathering(Store(turns=0))

    async def ask_again_and_again() -> None:
        for number in range(50):
            assert await gathered.carry_out(Wish(number)) == -number

    async with asyncio.timeout(20):
        await asyncio.gather(*(ask_again_and_again() for _ in range(3)))


async def test_batches_apart_gather_what_comes_between_them_and_the_first_does_not_wait() -> None:
    store = Store(turns=0)
    gathered: Gathering[Wish, int] = Gathering(
        store.carry_out, most=8, at_once=1, most_waiting=100, apart=0.05
    )
    assert await gathered.carry_out(Wish(1)) == -1
    waiting = []
    for number in range(2, 6):  # one after the other, each of which would have been a batch
        waiting.append(asyncio.create_task(gathered.carry_out(Wish(number))))
        for _ in range(5):
            await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert store.batches == [[1], [2, 3, 4, 5]]
