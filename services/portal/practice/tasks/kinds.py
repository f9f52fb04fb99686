"""The kinds of tasks in words, and where each is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from praxispost.messaging.v1.work_pb2 import Task, WorkKind
from services.portal.words import mark


@dataclass(frozen=True, slots=True)
class Kind:
    """One of them: what it is, what to do, and the page for that, with the ids to fill in."""

    colour: Literal["plain", "warn", "bad", "new"]
    label: str
    step: str
    path: str

    def where(self, task: Task) -> str:
        """The page on which a task of this kind is done."""
        return self.path.format(
            task_id=task.id, patient_id=task.patient_id, conversation_id=task.conversation_id
        )


_CONVERSATION: Final = "/practice/conversations/{conversation_id}"
_MESSAGE: Final = f"{_CONVERSATION}/messages/{{task_id}}"
_PATIENT: Final = "/practice/patients/{patient_id}"
UNKNOWN: Final = Kind("plain", mark("Aufgabe"), mark("Ansehen"), _PATIENT)
KINDS: Final[Mapping[WorkKind.ValueType, Kind]] = {
    WorkKind.WORK_KIND_UNREAD_ANSWER: Kind("new", mark("Neue Antwort"), mark("Lesen"), _CONVERSATION),
    WorkKind.WORK_KIND_FAILED: Kind(
        "bad", mark("Hinweis nicht angekommen"), mark("Anrufen oder berichtigen"), _MESSAGE
    ),
    WorkKind.WORK_KIND_DUE: Kind("warn", mark("Ungelesen und fällig"), mark("Anrufen"), _CONVERSATION),
    WorkKind.WORK_KIND_HELD: Kind(
        "warn", mark("Angehaltene Nachricht"), mark("Eine zweite Person entscheidet"), _MESSAGE
    ),
    WorkKind.WORK_KIND_WHO_READS: Kind(
        "warn", mark("Wer liest?"), mark("Festlegen, wer liest"), f"{_PATIENT}/readers"
    ),
    WorkKind.WORK_KIND_CANNOT_GET_IN: Kind(
        "warn", mark("Kommt nicht hinein"), mark("Nachfragen und helfen"), f"{_PATIENT}/access"
    ),
    WorkKind.WORK_KIND_NOT_FOR_ME: Kind(
        "bad", mark("„Nicht für mich“"), mark("Adresse klären"), f"{_PATIENT}/access"
    ),
    WorkKind.WORK_KIND_IMPORT_DIFFERS: Kind(
        "warn", mark("Import nennt andere Kontaktdaten"), mark("Vergleichen"), f"{_PATIENT}/import"
    ),
    WorkKind.WORK_KIND_ADDRESS_SUSPECT: Kind(
        "bad", mark("Hinweis-E-Mail kam zurück"), mark("Adresse klären"), f"{_PATIENT}/access"
    ),
    WorkKind.WORK_KIND_REPRESENTATION_ENDS: Kind(
        "warn", mark("Vertretung endet bald"), mark("Prüfen, wie es weitergeht"), f"{_PATIENT}/readers"
    ),
}
