"""Adds facts and turns the ticks that follow from them, in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from services.messaging.changes.domain import Change, ChangeKind
from services.messaging.messages.rows import StoredMessage
from services.messaging.receipts import storage
from services.messaging.receipts.domain import Receipt, depends_on_contact, derive
from services.messaging.receipts.facts import Contact
from services.messaging.receipts.storage import NewFact, PatientKey
from services.messaging.work import unread

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


async def record_facts(tx: AsyncConnection, facts: Sequence[NewFact]) -> list[Derived]:
    """Add the facts; the messages' receipts are returned, and their changes still to be counted.

    Facts that are known already, or about messages that do not exist, change nothing.
    """
    if not facts:
        return []
    return await record_facts_of(tx, await storage.lock(tx, {each.key for each in facts}), facts)


async def record_facts_of(
    tx: AsyncConnection, locked: Sequence[StoredMessage], facts: Sequence[NewFact]
) -> list[Derived]:
    """The same about messages that this transaction has locked already, each given once."""
    existing = {(message.practice_id, message.id) for message in locked}
    await storage.add(tx, (each for each in facts if each.key in existing))
    return await _derive_again(tx, locked)


async def contact_changed(tx: AsyncConnection, patient: PatientKey) -> list[Derived]:
    """Derive the ticks anew that depend on the patient's contact data, which have just been stored."""
    return await _derive_again(tx, await storage.lock_unsettled(tx, patient))


async def _derive_again(tx: AsyncConnection, locked: Sequence[StoredMessage]) -> list[Derived]:
    """Facts and contact data are read under the locks: whoever writes either waits, or came before."""
    if not locked:
        return []
    facts = await storage.facts_of(tx, {(each.practice_id, each.id) for each in locked})
    contacts = await storage.contacts_of(
        tx,
        {
            (each.practice_id, each.patient_id)
            for each in locked
            if depends_on_contact(each.direction, facts[each.practice_id, each.id])
        },
    )
    derived = [
        Derived(
            message,
            derive(
                message.direction,
                facts[message.practice_id, message.id],
                contacts.get((message.practice_id, message.patient_id), _UNKNOWN),
            ),
        )
        for message in locked
    ]
    await storage.set_receipts(
        tx, {(each.message.practice_id, each.message.id): each.receipt for each in derived if each.turned}
    )
    await unread.follow(tx, [(each.message, each.receipt) for each in derived if each.turned])
    return derived
