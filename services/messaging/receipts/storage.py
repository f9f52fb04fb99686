"""Facts and ticks in the database; rows are always locked in the order of practice and message."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.many_rows import ManyRows, Part, carry_out, fetch, inserting, types_of
from services.messaging import tables
from services.messaging.messages.rows import (
    RECEIPT_COLUMNS,
    SUMMARY_COLUMNS,
    StoredMessage,
    receipt_values,
    stored_message,
)
from services.messaging.receipts.domain import Evidence, Receipt, State
from services.messaging.receipts.facts import Contact, Fact, FactKind, Failure, Reader

MessageKey: TypeAlias = tuple[UUID, UUID]
PatientKey: TypeAlias = tuple[UUID, UUID]

_FACT: Final = tables.receipt_fact
_MESSAGE: Final = tables.message
_STATE: Final = tables.patient_state
_COLUMNS: Final = (
    *("practice_id", "message_id", "id", "kind", "at", "attempt", "contact_version"),
    *("failure", "reader", "prompt_id", "attachment_id"),
)
_ADD: Final = inserting(_FACT, *_COLUMNS, conflict="ON CONFLICT DO NOTHING")
_FACTS: Final = ManyRows(
    f"""
SELECT {", ".join(_COLUMNS)} FROM {{rows}} AS wanted (practice_id, message_id)
JOIN receipt_fact USING (practice_id, message_id) ORDER BY at, kind
""",
    types_of(_FACT, "practice_id", "message_id"),
)
_SET: Final = ManyRows(
    f"""
UPDATE message SET {", ".join(f"{name} = now_is.{name}" for name in RECEIPT_COLUMNS)}
FROM {{rows}} AS now_is (practice_id, id, {", ".join(RECEIPT_COLUMNS)})
WHERE message.practice_id = now_is.practice_id AND message.id = now_is.id
""",
    types_of(_MESSAGE, "practice_id", "id", *RECEIPT_COLUMNS),
    returns=False,
)


@dataclass(frozen=True, slots=True)
class NewFact:
    """A fact about one message."""

    practice_id: UUID
    message_id: UUID
    fact: Fact

    @property
    def key(self) -> MessageKey:
        """The message."""
        return self.practice_id, self.message_id


async def lock(tx: AsyncConnection, keys: Collection[MessageKey]) -> list[StoredMessage]:
    """Those of the messages that exist, locked until the end of the transaction."""
    return await _locked(tx, select(*SUMMARY_COLUMNS).where(_is_one_of(_MESSAGE, "id", keys)))


async def lock_unsettled(tx: AsyncConnection, patient: PatientKey) -> list[StoredMessage]:
    """The patient's messages whose tick still depends on prompts, locked."""
    practice_id, patient_id = patient
    query = select(*SUMMARY_COLUMNS).where(
        _MESSAGE.c.practice_id == practice_id,
        _MESSAGE.c.patient_id == patient_id,
        _MESSAGE.c.tick != State.READ,
        _MESSAGE.c.received_evidence.is_distinct_from(Evidence.SHOWN_IN_MAILBOX),
        _MESSAGE.c.purpose.is_not(None),
    )
    return await _locked(tx, query)


async def add(tx: AsyncConnection, facts: Iterable[NewFact]) -> None:
    """Add the facts that are not there yet."""
    await carry_out(tx, adding(facts))


def adding(facts: Iterable[NewFact]) -> Part:
    """What `add` writes, to be written together with something else."""
    return _ADD.of(
        (
            each.practice_id,
            each.message_id,
            each.fact.id,
            each.fact.kind,
            each.fact.at,
            each.fact.attempt,
            each.fact.contact_version,
            each.fact.failure,
            each.fact.reader,
            each.fact.prompt_id,
            each.fact.attachment_id,
        )
        for each in facts
    )


async def facts_of(tx: AsyncConnection, keys: Collection[MessageKey]) -> Mapping[MessageKey, Sequence[Fact]]:
    """All facts about each of the messages, oldest first."""
    found: dict[MessageKey, list[Fact]] = {key: [] for key in keys}
    for row in await fetch(tx, _FACTS.of(sorted(keys))):
        practice_id, message_id, *fact = row
        found[practice_id, message_id].append(_fact(*fact))
    return found


async def contacts_of(tx: AsyncConnection, keys: Collection[PatientKey]) -> Mapping[PatientKey, Contact]:
    """What is known of the patients' contact data; nothing is known of those that are missing."""
    if not keys:
        return {}
    query = select(_STATE).where(_is_one_of(_STATE, "patient_id", keys))
    return {
        (row.practice_id, row.patient_id): Contact(
            row.contact_version, reachable=row.has_email and row.has_mobile
        )
        for row in await tx.execute(query)
    }


def setting(receipts: Mapping[MessageKey, Receipt]) -> Part:
    """Writes the ticks that follow from the facts, together with something else."""
    return _SET.of((*key, *receipt_values(receipt)) for key, receipt in receipts.items())


async def _locked(tx: AsyncConnection, query: Select[Any]) -> list[StoredMessage]:
    """Against changes of the row, not of its key: others may still refer to it."""
    ordered = query.order_by(_MESSAGE.c.practice_id, _MESSAGE.c.id).with_for_update(key_share=True)
    return [stored_message(row) for row in await tx.execute(ordered)]


def _is_one_of(table: Any, column: str, keys: Collection[tuple[UUID, UUID]]) -> Any:
    return tuple_(table.c.practice_id, table.c[column]).in_(sorted(keys))


def _fact(
    fact_id: UUID,
    kind: int,
    at: datetime,
    attempt: int,
    contact_version: int,
    failure: int | None,
    reader: int | None,
    prompt_id: UUID | None,
    attachment_id: UUID | None,
) -> Fact:
    return Fact(
        fact_id,
        FactKind(kind),
        at,
        attempt,
        contact_version,
        Failure(failure) if failure else None,
        Reader(reader) if reader else None,
        prompt_id,
        attachment_id,
    )
