"""Adds facts and turns the ticks that follow from them, in one transaction."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.many_rows import Part, carry_out
from services.messaging.changes.domain import Change, ChangeKind
from services.messaging.messages.rows import StoredMessage
from services.messaging.receipts import storage
from services.messaging.receipts.domain import Receipt, depends_on_contact, derive
from services.messaging.receipts.facts import Contact
from services.messaging.receipts.storage import NewFact, PatientKey
from services.messaging.work import unread

# What follows from receipts as they are now.
Also: TypeAlias = Callable[[Sequence["Derived"]], Iterable[Part]]

_UNKNOWN: Final = Contact(version=0, reachable=True)


@dataclass(frozen=True, slots=True)
class Derived:
    """A message and its receipt as it is now; `message` has the one from before."""

    message: StoredMessage
    receipt: Receipt

    @property
    def key(self) -> storage.MessageKey:
        """The message's."""
        return self.message.key

    @property
    def turned(self) -> bool:
        """Whether the receipt is another than before."""
        return self.receipt != self.message.receipt

    def change(self, now: datetime) -> Change:
        """What those who follow the practice are told."""
        message = self.message
        return Change(
            ChangeKind.RECEIPT,
            message.practice_id,
            message.patient_id,
            message.conversation_id,
            message.id,
            now,
        )


def changes_of(derived: Iterable[Derived], now: datetime) -> list[Change]:
    """What is to be counted: the receipts that are others than before."""
    return [each.change(now) for each in derived if each.turned]


def _nothing_else(derived: Sequence[Derived]) -> Iterable[Part]:
    return ()


async def record_facts(
    tx: AsyncConnection, facts: Sequence[NewFact], also: Also = _nothing_else
) -> list[Derived]:
    """Add the facts; the messages' receipts are returned, and their changes still to be counted.

    Facts that are known already, or about messages that do not exist, change nothing. `also` says what else
    is to be written in the same round trip, now that the receipts are known.
    """
    if not facts:
        return await record_facts_of(tx, (), (), also)
    return await record_facts_of(tx, await storage.lock(tx, {each.key for each in facts}), facts, also)


async def record_facts_of(
    tx: AsyncConnection,
    locked: Sequence[StoredMessage],
    facts: Sequence[NewFact],
    also: Also = _nothing_else,
) -> list[Derived]:
    """The same about messages that this transaction has locked already, each given once."""
    return await _derive_again(tx, locked, facts, also)


async def contact_changed(tx: AsyncConnection, patient: PatientKey) -> list[Derived]:
    """Derive the ticks anew that depend on the patient's contact data, which have just been stored."""
    return await _derive_again(tx, await storage.lock_unsettled(tx, patient))


async def _derive_again(
    tx: AsyncConnection,
    locked: Sequence[StoredMessage],
    new: Sequence[NewFact] = (),
    also: Also = _nothing_else,
) -> list[Derived]:
    """Facts and contact data are read under the locks: whoever writes either waits, or came before."""
    known = await storage.facts_of(tx, {each.key for each in locked})
    facts = {key: {fact.id: fact for fact in of_message} for key, of_message in known.items()}
    adding: list[NewFact] = []
    for each in new:
        if each.key in facts and each.fact.id not in facts[each.key]:
            facts[each.key][each.fact.id] = each.fact
            adding.append(each)
    unsettled = [each for each in locked if depends_on_contact(each.direction, facts[each.key].values())]
    contacts = await storage.contacts_of(tx, {(each.practice_id, each.patient_id) for each in unsettled})
    derived = [
        Derived(
            message,
            derive(
                message.direction,
                facts[message.key].values(),
                contacts.get((message.practice_id, message.patient_id), _UNKNOWN),
            ),
        )
        for message in locked
    ]
    turned = [each for each in derived if each.turned]
    opened, changed = unread.followed((each.message, each.receipt) for each in turned)
    await carry_out(
        tx,
        storage.adding(adding),
        storage.setting({each.key: each.receipt for each in turned}),
        unread.forgetting(opened),
        *also(derived),
    )
    await unread.change(tx, changed)
    return derived
