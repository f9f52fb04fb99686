"""Checks the grants with which messaging lets a caller read one document of an opened message."""

from uuid import UUID

from chassis.refusal import Refusal, Status
from chassis.statements import StatementVerifier
from services.attachments import refusals

AUDIENCE = "attachments-download"
KIND = "grant"
ISSUER = "messaging"


class Grants:
    """Verifies grants offline, by messaging's published keys."""

    def __init__(self, verifier: StatementVerifier) -> None:
        self._verifier = verifier

    async def check(self, grant: str, *, caller_id: UUID, practice_id: UUID, attachment_id: UUID) -> None:
        """Refuse unless messaging granted this caller this document; every other case looks the same."""
        if not grant:
            raise refusals.grant_refused()
        try:
            statement = await self._verifier.verify(grant)
        except Refusal as refusal:
            if refusal.status is Status.UNAVAILABLE:
                raise
            raise refusals.grant_refused() from refusal
        granted = tuple(statement.claims.get(name) for name in ("sub", "ten", "att"))
        if granted != (str(caller_id), str(practice_id), str(attachment_id)):
            raise refusals.grant_refused()
