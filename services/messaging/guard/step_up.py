"""Reads what identity signed when a person proved their password once more."""

import enum
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from chassis.caller import Caller
from chassis.refusal import Refusal
from chassis.statements import StatementVerifier, VerifyingKeys
from services.messaging import refusals
from services.messaging.guard.domain import StepUp

_ISSUER: Final = "identity"
_AUDIENCE: Final = "messaging"
_KIND: Final = "step-up"


class StepUpPurpose(enum.Enum):
    """What one may want to do, by identity's names."""

    RELEASE_HELD = "STEP_UP_PURPOSE_RELEASE_HELD"
    ERASE_CONTENT = "STEP_UP_PURPOSE_ERASE_CONTENT"


class StepUps(Protocol):
    """Who knows whether a step-up is genuine."""

    async def read(
        self, caller: Caller, statement: str, purpose: StepUpPurpose, message_id: UUID
    ) -> StepUp | None:
        """The caller's own step-up to do this to the message, None where none is given.

        Refuses STEP_UP_REFUSED.
        """


class SignedStepUps:
    """Verifies identity's statements offline."""

    def __init__(self, keys: VerifyingKeys, clock: Callable[[], datetime]) -> None:
        self._verifier = StatementVerifier(keys, issuer=_ISSUER, audience=_AUDIENCE, kind=_KIND, clock=clock)

    async def read(
        self, caller: Caller, statement: str, purpose: StepUpPurpose, message_id: UUID
    ) -> StepUp | None:
        """The caller's own step-up to do this to the message, None where none is given.

        Refuses STEP_UP_REFUSED.
        """
        if not statement:
            return None
        try:
            claims = (await self._verifier.verify(statement)).claims
        except Refusal as refusal:
            if refusal.reason != "TOKEN_REFUSED":
                raise
            raise refusals.step_up_refused() from refusal
        said = tuple(claims.get(name) for name in ("sub", "ten", "pur", "obj"))
        if said != (str(caller.subject_id), str(caller.tenant_id), purpose.value, str(message_id)):
            raise refusals.step_up_refused()
        practice_id, staff_id = UUID(str(claims["ten"])), UUID(str(claims["sub"]))
        return StepUp(practice_id, staff_id, alone=claims.get("alone") is True)
