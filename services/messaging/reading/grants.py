"""Grants with which a caller may download the attachments of a message that was opened."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chassis.signing import SigningKeys
from chassis.statements import StatementSigner

AUDIENCE: Final = "attachments-download"
ISSUER: Final = "messaging"
KIND: Final = "grant"
LIFETIME: Final = timedelta(seconds=60)


class Grants:
    """Signs grants: for one caller, one attachment and a minute."""

    def __init__(self, keys: SigningKeys, clock: Callable[[], datetime]) -> None:
        self._keys = keys
        self._clock = clock

    async def grant(self, caller_id: UUID, practice_id: UUID, attachment_id: UUID) -> str:
        """What DownloadAttachment wants."""
        signer = StatementSigner(await self._keys.current(), ISSUER, KIND)
        claims = {"sub": str(caller_id), "ten": str(practice_id), "att": str(attachment_id)}
        return signer.sign(claims, audience=AUDIENCE, now=self._clock(), lifetime=LIFETIME)
