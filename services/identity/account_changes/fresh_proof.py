"""What a change of an account asks of the session that it comes from."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.caller import Caller
from services.identity.refusals import session_ended, sms_proof_too_old
from services.identity.sessions.domain import Session
from services.identity.sessions.storage import session_of_holder


async def calling_session(tx: AsyncConnection, caller: Caller, now: datetime) -> Session:
    """The session that calls. Refuses SESSION_ENDED: a token outlives its session by up to a minute."""
    if caller.session_id is None:
        raise session_ended()
    session = await session_of_holder(tx, caller.subject_id, caller.session_id, now)
    if session is None:
        raise session_ended()
    return session


async def check_fresh_proof(tx: AsyncConnection, caller: Caller, now: datetime) -> None:
    """Refuses SESSION_ENDED, and SMS_PROOF_TOO_OLD ten minutes after the number was proven in it."""
    if not (await calling_session(tx, caller, now)).has_fresh_sms_proof(now):
        raise sms_proof_too_old()
