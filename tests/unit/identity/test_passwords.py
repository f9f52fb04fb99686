"""Password hashes: one computation for everybody who shares an address."""

import asyncio

from services.identity.passwords import FULL_COST, Cost, Passwords, matching

_CHEAP = Cost("test", time=1, memory_kib=64, lanes=1)
_KEY = b"k" * 32


async def test_the_same_password_at_the_same_address_gives_the_same_hash() -> None:
    passwords = Passwords(_KEY, _CHEAP)
    first, second = [await passwords.hash("account", b"address", "Zwölf Enten") for _ in range(2)]
    assert matching(first, [None, "test$other", second]) == [2]


async def test_address_holder_and_key_each_give_another_hash() -> None:
    passwords = Passwords(_KEY, _CHEAP)
    hashes = {
        await passwords.hash("account", b"address", "Zwölf Enten"),
        await passwords.hash("account", b"another", "Zwölf Enten"),
        await passwords.hash("staff", b"address", "Zwölf Enten"),
        await passwords.hash("account", b"address", "Zwölf Gänse"),
        await Passwords(b"x" * 32, _CHEAP).hash("account", b"address", "Zwölf Enten"),
    }
    assert len(hashes) == 5


async def test_two_people_may_share_address_and_password() -> None:
    computed = await Passwords(_KEY, _CHEAP).hash("account", b"address", "Zwölf Enten")
    assert matching(computed, [computed, "test$other", computed]) == [0, 2]


def test_nobody_matches_where_nobody_is() -> None:
    assert matching("test$hash", []) == []
    assert matching("test$hash", [None, ""]) == []


async def test_the_full_cost_is_what_trust_demands() -> None:
    assert (FULL_COST.memory_kib, FULL_COST.time, FULL_COST.lanes) == (64 * 1024, 3, 4)
    passwords = Passwords(_KEY)
    assert (await passwords.hash("staff", b"address", "Zwölf Enten")).startswith("argon2id-1$")
    passwords.close()


async def test_the_event_loop_goes_on_while_hashing() -> None:
    passwords = Passwords(_KEY)
    hashing = asyncio.create_task(passwords.hash("staff", b"address", "Zwölf Enten"))
    turns = 0
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10
    passwords.close()
