"""Public keys: fetched when needed, not too often, and never an open door."""

import asyncio

import pytest

from chassis.public_keys import PublicKeys
from chassis.refusal import Refusal, Status
from tests.unit.chassis.signing_material import Publisher, signing_key


class Ticks:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Setting:
    def __init__(self) -> None:
        self.publisher = Publisher(signing_key("first"))
        self.ticks = Ticks()
        self.keys = PublicKeys(self.publisher.fetch, ticks=self.ticks)

    async def refusal(self, key_id: str) -> Refusal:
        with pytest.raises(Refusal) as raised:
            await self.keys.key(key_id)
        return raised.value


@pytest.fixture
def setting() -> Setting:
    return Setting()


async def test_a_known_key_is_fetched_once(setting: Setting) -> None:
    first, again = await asyncio.gather(setting.keys.key("first"), setting.keys.key("first"))
    assert first is again
    assert setting.publisher.asked == 1


async def test_a_new_key_is_found_by_fetching_again(setting: Setting) -> None:
    await setting.keys.key("first")
    setting.publisher.keys.append(signing_key("second"))
    setting.ticks.now += 2
    await setting.keys.key("second")


async def test_unknown_names_do_not_cause_a_fetch_each(setting: Setting) -> None:
    for number in range(50):
        assert (await setting.refusal(f"unknown{number}")).status is Status.UNAUTHENTICATED
    assert setting.publisher.asked == 1


async def test_without_keys_the_answer_is_unavailable(setting: Setting) -> None:
    setting.publisher.away = True
    refusal = await setting.refusal("first")
    assert (refusal.status, refusal.reason) == (Status.UNAVAILABLE, "DEPENDENCY_UNAVAILABLE")
    assert refusal.metadata == {"dependency": "identity"}
    setting.publisher.away = False
    setting.ticks.now += 2
    await setting.keys.key("first")


async def test_keys_at_hand_stay_good_while_the_publisher_is_away(setting: Setting) -> None:
    await setting.keys.key("first")
    setting.publisher.away = True
    setting.ticks.now += 301
    await setting.keys.key("first")
    assert setting.publisher.asked == 2


async def test_a_key_that_was_withdrawn_is_forgotten(setting: Setting) -> None:
    await setting.keys.key("first")
    setting.publisher.keys[:] = [signing_key("second")]
    setting.ticks.now += 301
    assert (await setting.refusal("first")).reason == "TOKEN_REFUSED"
