"""What messaging asks of a verified caller: whose side they are on, and what of it they may see."""

from uuid import UUID

from chassis.caller import Caller
from services.messaging import refusals
from services.messaging.messages.domain import Direction
from services.messaging.messages.rows import StoredMessage
from services.messaging.receipts.domain import UNSENT
from services.messaging.receipts.facts import Reader


def practice_of(caller: Caller) -> UUID:
    """The practice that the caller belongs to; accounts belong to none."""
    if caller.tenant_id is None:
        raise refusals.message_not_found()
    return caller.tenant_id


def is_account(caller: Caller) -> bool:
    """Whether the caller is on the patient's side."""
    return caller.tenant_id is None


def patients_of(caller: Caller) -> tuple[tuple[UUID, UUID], ...]:
    """The account's patients with their practices, each once, in order."""
    return tuple(sorted({(each.tenant_id, each.subject_id) for each in caller.entitlements}))


def may_see(caller: Caller, practice_id: UUID, patient_id: UUID) -> bool:
    """Whether the conversation is of the own practice, or of a patient that the account is bound to."""
    if caller.tenant_id is not None:
        return caller.tenant_id == practice_id
    return (practice_id, patient_id) in patients_of(caller)


def may_see_message(caller: Caller, message: StoredMessage) -> bool:
    """The same for one message: what is held, or was rejected, only the practice knows of."""
    unsent = message.receipt.state in UNSENT
    return may_see(caller, message.practice_id, message.patient_id) and not (unsent and is_account(caller))


def reader_of(caller: Caller, message: StoredMessage) -> Reader | None:
    """As whom the caller opens the message; None for who is on the side that sent it."""
    if caller.tenant_id is not None:
        return Reader.PRACTICE if message.direction is Direction.TO_PRACTICE else None
    if message.direction is Direction.TO_PRACTICE:
        return None
    kinds = {
        each.kind
        for each in caller.entitlements
        if (each.tenant_id, each.subject_id) == (message.practice_id, message.patient_id)
    }
    return Reader.PATIENT if "self" in kinds else Reader.REPRESENTATIVE
