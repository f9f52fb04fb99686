"""What staff read of a registration that stopped: how far it got, which point differs, what helps."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from praxispost.identity.v1.access_pb2 import AccessAttempt, AccessObstacle, AccessStep
from services.portal.words import Words, mark


@dataclass(frozen=True, slots=True)
class Help:
    """What is in the way, in a sentence, and the page within the patient's on which it is put right."""

    text: str
    path: str = ""
    step: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One registration."""

    noticed: str
    proven: tuple[str, ...]
    help: Help
    lasts: str


_HELP: Final[Mapping[AccessObstacle.ValueType, Help]] = {
    AccessObstacle.ACCESS_OBSTACLE_NONE: Help(
        mark(
            "Jetzt steht nichts mehr im Weg. Bitten Sie die Person, dort weiterzumachen, "
            "wo sie aufgehört hat, oder sich anzumelden."
        )
    ),
    AccessObstacle.ACCESS_OBSTACLE_MOBILE: Help(
        mark(
            "Die Handynummer ist eine andere als in der Karteikarte, oder dort steht keine. "
            "Fragen Sie nach der Nummer und vergleichen Sie."
        ),
        "/edit?focus=mobile",
        mark("Handynummer berichtigen"),
    ),
    AccessObstacle.ACCESS_OBSTACLE_BIRTH_DATE: Help(
        mark(
            "Das Geburtsdatum ist ein anderes als in der Karteikarte. Fragen Sie danach und vergleichen Sie."
        ),
        "/edit?focus=birth_date",
        mark("Geburtsdatum berichtigen"),
    ),
    AccessObstacle.ACCESS_OBSTACLE_BIRTH_DATE_LOCKED: Help(
        mark(
            "Das Geburtsdatum wurde dreimal falsch angegeben. "
            "Damit niemand es errät, geht es erst weiter, wenn Sie es freigeben."
        )
    ),
    AccessObstacle.ACCESS_OBSTACLE_WHO_READS: Help(
        mark("Dieselben Kontaktdaten stehen in einer anderen Karteikarte. Zuerst ist zu klären, wer liest."),
        "/readers",
        mark("Festlegen, wer liest"),
    ),
}


def attempt_of(words: Words, attempt: AccessAttempt) -> Attempt:
    """The attempt in words; what was typed is told to nobody."""
    proven = [words.say("E-Mail-Adresse bestätigt")]
    if attempt.step == AccessStep.ACCESS_STEP_MOBILE_PROVEN:
        proven.append(words.say("Handynummer bestätigt"))
    return Attempt(
        words.moment(attempt.noticed_at),
        tuple(proven),
        _HELP.get(attempt.obstacle, Help("")),
        words.moment(attempt.proofs_end_at),
    )
