"""The guard's use cases in one place."""

from dataclasses import dataclass

from services.messaging.guard.deciding import Deciding
from services.messaging.guard.legal_basis import LegalBases
from services.messaging.guard.records import Records
from services.messaging.prompting.again import PromptAgain


@dataclass(frozen=True, slots=True)
class GuardCases:
    """What GuardService translates to."""

    deciding: Deciding
    records: Records
    prompting: PromptAgain
    legal_bases: LegalBases
