"""When an address is suspect, and when it is so no more."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from services.notifier.prompts.standing import Reason, Record, Standing, learnt, suspected

_NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def _record(version: int, *, marked: bool = False, contact: int = 4, stopped: bool = False) -> Record:
    return Record(version, contact, stopped, marked)


def _suspect(standing: Standing, contact: int = 4) -> Standing:
    changed = suspected(standing, contact, Reason.BOUNCED, _NOW)
    assert changed is not None
    return changed


def test_a_suspicion_is_about_one_version_of_the_contact_data() -> None:
    standing = _suspect(Standing())
    assert standing.is_suspect(4)
    assert not standing.is_suspect(5)


def test_what_is_suspect_is_not_suspected_again_and_an_older_address_never() -> None:
    assert suspected(_suspect(Standing()), 4, Reason.NOT_FOR_ME, _NOW) is None
    assert suspected(learnt(Standing(), _record(3, contact=5)), 4, Reason.BOUNCED, _NOW) is None
    assert _suspect(_suspect(Standing()), 5).is_suspect(5)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_it_ends_when_identity_knew_of_it_and_somebody_confirmed_in_whatever_order_that_is_told(
    order: tuple[int, ...],
) -> None:
    before = _record(6)  # written before identity learnt of the suspicion
    marked = _record(7, marked=True)
    confirmed = _record(8)
    standing = _suspect(learnt(Standing(), _record(5)))
    told = (before, marked, confirmed)
    for position, index in enumerate(order):
        standing = learnt(standing, told[index])
        heard = {told[each].version for each in order[: position + 1]}
        assert standing.is_suspect(4) == (not {7, 8} <= heard)


def test_a_confirmed_address_can_become_suspect_again() -> None:
    standing = _suspect(learnt(Standing(), _record(5)))
    standing = learnt(learnt(standing, _record(6, marked=True)), _record(7))
    assert not standing.is_suspect(4)
    again = _suspect(standing)
    assert learnt(again, _record(7)).is_suspect(4)


def test_the_newest_record_says_whether_prompts_are_wanted() -> None:
    standing = learnt(Standing(), _record(6, stopped=True))
    assert learnt(standing, _record(5)).stopped
    assert not learnt(standing, _record(7)).stopped
