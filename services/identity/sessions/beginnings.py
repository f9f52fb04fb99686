"""Begins sessions."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.identity.opaque_secrets import new_secret
from services.identity.sessions.domain import Holder, Session
from services.identity.sessions.storage import add_session


async def begin_session(
    tx: AsyncConnection,
    holder: Holder,
    holder_id: UUID,
    now: datetime,
    *,
    new_id: Callable[[], UUID],
    mobile_proven_at: datetime | None = None,
) -> str:
    """Begin a session of the holder; return its secret, which nothing here keeps."""
    session = Session(new_id(), holder, holder_id, mobile_proven_at, now, now, None)
    secret = new_secret()
    await add_session(tx, session, secret.hash)
    return secret.value
