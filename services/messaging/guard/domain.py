"""When a text counts as one that goes to many, and who may release it."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

from services.messaging import refusals
from services.messaging.messages.domain import Purpose

MOST_PATIENTS: Final = 10
WINDOW: Final = timedelta(hours=1)
LONGEST_REASON: Final = 500
LONGEST_LEGAL_BASIS: Final = 500
FIRST_LEGAL_BASIS: Final = "Art. 6 (1) b, Art. 9 (2) h, (3) GDPR, § 22 BDSG"

# A text counts in its practice; it is known by its hash.
Text: TypeAlias = tuple[UUID, bytes]

_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class GuardRules:
    """The message that brings a text to this many different patients within the window is held."""

    patients: int = MOST_PATIENTS
    window: timedelta = WINDOW


@dataclass(frozen=True, slots=True)
class TextHashes:
    """Of the text, which is counted, and of all words that a second person is shown, which are released."""

    text: bytes
    shown: bytes


@dataclass(frozen=True, slots=True)
class HeldMessage:
    """A message that is or was held; the reason of the decision is sealed.

    `shown_hash` is missing where the message was held before there was one.
    """

    practice_id: UUID
    message_id: UUID
    patient_id: UUID
    text_hash: bytes
    shown_hash: bytes | None
    author_id: UUID
    decided_at: datetime | None = None
    decided_by: UUID | None = None
    confirmed: bool | None = None
    sealed_reason: bytes | None = None


@dataclass(frozen=True, slots=True)
class StepUp:
    """A person proved anew who they are; `alone` says that nobody else works in the practice."""

    practice_id: UUID
    staff_id: UUID
    alone: bool


@dataclass(frozen=True, slots=True)
class Use:
    """A message brings a text to a patient."""

    practice_id: UUID
    message_id: UUID
    patient_id: UUID
    hashes: TextHashes

    @property
    def text(self) -> Text:
        """The text, which counts in its practice."""
        return self.practice_id, self.hashes.text


def to_many(uses: Sequence[Use], lately: Mapping[Text, Collection[UUID]], rules: GuardRules) -> list[bool]:
    """Whether each use, one after the other, brings its text to as many patients as the rules say.

    `lately` has the patients who got the text before; of more than the rules' number, that many will do.
    """
    reached = {text: set(patients) for text, patients in lately.items()}
    found = []
    for use in uses:
        patients = reached.setdefault(use.text, set())
        found.append(len(patients - {use.patient_id}) + 1 >= rules.patients)
        patients.add(use.patient_id)
    return found


def is_guarded(purpose: Purpose | None) -> bool:
    """A practice's messages are, but for appointments: when they change, many patients get the same words."""
    return purpose is not None and purpose is not Purpose.APPOINTMENT


def normalised(text: str) -> str:
    """The text's words alone, so that neither case nor spaces nor punctuation make two texts of one.

    Compatibility forms are folded and invisible characters dropped (Unicode Annex 15, NFKC). What has no
    words is compared as it stands.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    invisible = {ord(each): None for each in set(folded) if unicodedata.category(each) == "Cf"}
    visible = folded.translate(invisible) if invisible else folded
    return " ".join(_WORD.findall(visible)) or " ".join(visible.split())


def check_release(author_id: UUID, by: UUID, step_up: StepUp | None, reason: str) -> None:
    """Refuse SECOND_PERSON_NEEDED to the author, but for one who works alone, stepped up and says why."""
    if author_id != by:
        return
    if step_up is None or not step_up.alone or not reason:
        raise refusals.second_person_needed()
