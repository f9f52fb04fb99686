"""What follows from a decision about held messages: facts, prompts, audit rows and changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox
from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.keys import Keys
from services.messaging.changes import storage as changes
from services.messaging.changes.domain import Change, ChangeKind
from services.messaging.guard import storage
from services.messaging.guard.domain import HeldMessage
from services.messaging.messages.sealing import ContentSealer
from services.messaging.patients import storage as patients
from services.messaging.patients.domain import PatientState, why_not
from services.messaging.prompting.wanted import Why, prompt_wanted
from services.messaging.receipts.facts import Fact, FactKind, fact_id
from services.messaging.receipts.recording import Derived, record_facts
from services.messaging.receipts.storage import NewFact
from services.messaging.work import unread


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decided, why and when."""

    caller: Caller
    practice_id: UUID
    reason: str
    now: datetime


async def releasable(
    tx: AsyncConnection, practice_id: UUID, named: UUID, together: Sequence[HeldMessage]
) -> list[HeldMessage]:
    """Those whose patients can still be written to; refuses where the named message's cannot."""
    states = await patients.load_all(tx, practice_id, {each.patient_id for each in together})
    found = []
    for each in together:
        refusal = _refusal(states.get(each.patient_id))
        if refusal is None:
            found.append(each)
        elif each.message_id == named:
            raise refusal
    return found


async def release(
    tx: AsyncConnection, keys: Keys, decision: Decision, held: Sequence[HeldMessage]
) -> Sequence[Derived]:
    """The messages are sent now, and their patients are told; the last statement counts the changes."""
    now = decision.now
    derived = await record_facts(tx, [_fact(each, FactKind.QUEUED, now) for each in held])
    await storage.set_released(tx, decision.practice_id, [each.message_id for each in held], now)
    await unread.released(tx, [each.message for each in derived], now)
    await _note(tx, keys, decision, held, confirmed=True)
    states = await patients.load_all(tx, decision.practice_id, {each.patient_id for each in held})
    versions = {patient_id: state.contact_version for patient_id, state in states.items()}
    await outbox.record_all(
        tx,
        [
            prompt_wanted(each.message, versions.get(each.message.patient_id, 0), Why.RELEASED, now)
            for each in derived
        ],
    )
    await changes.record(tx, [_change(each, ChangeKind.MESSAGE, now) for each in derived])
    return derived


async def reject(tx: AsyncConnection, keys: Keys, decision: Decision, held: HeldMessage) -> None:
    """The message is never sent."""
    derived = await record_facts(tx, [_fact(held, FactKind.REJECTED, decision.now)])
    await _note(tx, keys, decision, [held], confirmed=False)
    await changes.record(tx, [_change(each, ChangeKind.HELD, decision.now) for each in derived])


async def _note(
    tx: AsyncConnection, keys: Keys, decision: Decision, held: Sequence[HeldMessage], *, confirmed: bool
) -> None:
    sealers = await keys.sealers({each.patient_id for each in held}) if decision.reason else {}
    for each in held:
        sealed = None
        if each.patient_id in sealers:
            sealer = ContentSealer(
                sealers[each.patient_id], each.practice_id, each.patient_id, each.message_id
            )
            sealed = sealer.seal_hold_reason(decision.reason)
        by = decision.caller.subject_id
        await storage.decide(tx, each, by, decision.now, confirmed=confirmed, sealed_reason=sealed)
        await record_audit(
            tx,
            caller=decision.caller,
            tenant_id=each.practice_id,
            action="message.released" if confirmed else "message.rejected",
            object_kind="message",
            object_id=each.message_id,
            now=decision.now,
        )


def _refusal(state: PatientState | None) -> Exception | None:
    """Of whom nothing is known was never written to, so that does not happen; it stops nothing either."""
    return why_not(state) if state is not None else None


def _fact(held: HeldMessage, kind: FactKind, now: datetime) -> NewFact:
    return NewFact(held.practice_id, held.message_id, Fact(fact_id(held.message_id, kind), kind, now))


def _change(derived: Derived, kind: ChangeKind, now: datetime) -> Change:
    message = derived.message
    return Change(kind, message.practice_id, message.patient_id, message.conversation_id, message.id, now)
