"""What identity asks of a verified caller, and the one who acts at the command line."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from chassis.caller import Caller
from services.identity import refusals

PLATFORM: Final = UUID(int=0)

# Whoever may run commands in the deployment is the platform's operator.
COMMAND_LINE: Final = Caller(PLATFORM, "operator", None, (), None, datetime.max.replace(tzinfo=UTC))


# What identity does by itself, when its time has come.
SYSTEM: Final = Caller(PLATFORM, "identity", None, (), None, datetime.max.replace(tzinfo=UTC))


def practice_of(caller: Caller) -> UUID:
    """Return the practice that the caller belongs to."""
    if caller.tenant_id is None:
        raise refusals.practice_not_found()
    return caller.tenant_id
