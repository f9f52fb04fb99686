"""What staff choose from a short list, with the words for each: why a practice writes, why it takes back."""

from collections.abc import Mapping
from typing import Final, Generic, TypeVar

from praxispost.messaging.v1.messaging_pb2 import Purpose, WithdrawalReason
from services.portal.words import Words, mark

V = TypeVar("V", bound=int)


class Choices(Generic[V]):
    """A list to choose from. Forms carry the keys, the contracts the values, people see the words."""

    def __init__(self, none: V, choices: Mapping[str, tuple[V, str]]) -> None:
        self._none = none
        self._choices = choices

    def options(self, words: Words) -> list[tuple[str, str]]:
        """Key and words of each, in the order in which they are offered."""
        return [(key, words.say(text)) for key, (_, text) in self._choices.items()]

    def value(self, key: str) -> V:
        """What the services know it as; "unspecified", which they refuse, where nothing was chosen."""
        return self._choices[key][0] if key in self._choices else self._none

    def key(self, value: V) -> str:
        """The key of a value; empty where nothing was chosen."""
        return next((key for key, (each, _) in self._choices.items() if each == value), "")

    def name(self, words: Words, value: V) -> str:
        """The words for a value; empty where nothing was chosen."""
        return next((words.say(text) for each, text in self._choices.values() if each == value), "")


PURPOSES: Final = Choices(
    Purpose.PURPOSE_UNSPECIFIED,
    {
        "findings": (Purpose.PURPOSE_FINDINGS, mark("Befund")),
        "prescription": (Purpose.PURPOSE_PRESCRIPTION, mark("Rezept")),
        "appointment": (Purpose.PURPOSE_APPOINTMENT, mark("Termin")),
        "invoice": (Purpose.PURPOSE_INVOICE, mark("Rechnung")),
        "advice": (Purpose.PURPOSE_TREATMENT_ADVICE, mark("Rat zur Behandlung")),
        "other": (Purpose.PURPOSE_OTHER_TREATMENT_MATTER, mark("Anderes zur Behandlung")),
    },
)
WITHDRAWAL_REASONS: Final = Choices(
    WithdrawalReason.WITHDRAWAL_REASON_UNSPECIFIED,
    {
        "misdirected": (
            WithdrawalReason.WITHDRAWAL_REASON_MISDIRECTED,
            mark("Falsche Person, oder es betrifft jemand anderen"),
        ),
        "wrong": (WithdrawalReason.WITHDRAWAL_REASON_WRONG_CONTENT, mark("Der Inhalt stimmt nicht")),
        "outdated": (WithdrawalReason.WITHDRAWAL_REASON_OUTDATED, mark("Es gilt nicht mehr")),
        "other": (WithdrawalReason.WITHDRAWAL_REASON_OTHER, mark("Ein anderer Grund")),
    },
)
