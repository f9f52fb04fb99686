"""What came of the prompts for a message, as far as it says something about the present contact data."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.messaging.receipts.facts import Contact, Fact, FactKind, Failure

# A later word about the same prompt outweighs an earlier one, whatever the clocks of those who say it.
_WEIGHT: Final = {
    FactKind.PROMPT_DELAYED: 0,
    FactKind.PROMPT_ACCEPTED: 1,
    FactKind.PROMPT_DELIVERED: 2,
    FactKind.PROMPT_FAILED: 3,
}
_OUTCOMES: Final = frozenset(_WEIGHT) - {FactKind.PROMPT_DELAYED}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The newest outcome: accepted and perhaps delivered or delayed since, or failed, or none yet."""

    accepted_at: datetime | None = None
    delivered_at: datetime | None = None
    delayed_at: datetime | None = None
    failed: Fact | None = None


def outcome_of(facts: Iterable[Fact], contact: Contact | None) -> Outcome:
    """What came of the prompts to the current contact data; with None as contact, of all prompts.

    A delivery is taken back by a newer failure, and not by a newer prompt of which no more is known than
    that our relay accepted it.
    """
    prompts = [fact for fact in facts if fact.kind in _WEIGHT]
    if contact is not None:
        prompts = _current(prompts, contact)
    standing = [fact for fact in prompts if fact.kind in _OUTCOMES and not _overruled(fact, prompts)]
    newest = max(standing, key=_age, default=None)
    if newest is None:
        return Outcome()
    if newest.kind is FactKind.PROMPT_FAILED:
        return Outcome(failed=newest)
    accepted = _newest(prompts, FactKind.PROMPT_ACCEPTED) or newest
    delivered = _undisputed_delivery(standing)
    if delivered is not None:
        return Outcome(accepted_at=accepted.at, delivered_at=delivered.at)
    delayed = [fact for fact in prompts if fact.kind is FactKind.PROMPT_DELAYED and _about(fact, newest)]
    last = max(delayed, key=_age, default=None)
    return Outcome(accepted_at=accepted.at, delayed_at=last.at if last else None)


def _current(prompts: Collection[Fact], contact: Contact) -> list[Fact]:
    """Outcomes of prompts to older contact data say nothing about the present ones."""
    current = max((contact.version, *(fact.contact_version for fact in prompts)))
    reachable = contact.reachable or current > contact.version
    return [fact for fact in prompts if _counts(fact, current, reachable=reachable)]


def _counts(outcome: Fact, current: int, *, reachable: bool) -> bool:
    """A prompt that found no contact data has failed only for as long as there are none."""
    if outcome.contact_version == 0:
        return not (outcome.failure is Failure.CONTACT_CONFLICT and reachable)
    return outcome.contact_version == current


def _overruled(fact: Fact, prompts: Collection[Fact]) -> bool:
    """By a weightier word about the same attempt of the same prompt."""
    return any(_same_attempt(other, fact) and _WEIGHT[other.kind] > _WEIGHT[fact.kind] for other in prompts)


def _same_attempt(one: Fact, other: Fact) -> bool:
    return one.prompt_id is not None and (one.prompt_id, one.attempt) == (other.prompt_id, other.attempt)


def _undisputed_delivery(standing: Collection[Fact]) -> Fact | None:
    delivered = _newest(standing, FactKind.PROMPT_DELIVERED)
    failed = _newest(standing, FactKind.PROMPT_FAILED)
    if delivered is None or (failed is not None and _age(failed) > _age(delivered)):
        return None
    return delivered


def _about(delay: Fact, accepted: Fact) -> bool:
    """Whether the delay is the newest prompt's; an older one's says nothing about it."""
    return delay.prompt_id == accepted.prompt_id


def _newest(facts: Iterable[Fact], kind: FactKind) -> Fact | None:
    return max((fact for fact in facts if fact.kind is kind), key=_age, default=None)


def _age(fact: Fact) -> tuple[object, ...]:
    return fact.at, fact.attempt, _WEIGHT[fact.kind], fact.id
