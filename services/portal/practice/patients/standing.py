"""How it stands with a patient's record: whether one can write to the patient, and what the lists say of
it."""

from dataclasses import dataclass
from typing import Final, Literal

from praxispost.identity.v1.patients_pb2 import ContactState
from services.portal.words import mark


@dataclass(frozen=True, slots=True)
class Pill:
    """A word beside a name, and whether it is good news."""

    kind: Literal["plain", "good", "warn", "bad"]
    text: str


_READY: Final = Pill("plain", mark("kann Nachrichten bekommen"))
_BOUND: Final = Pill("good", mark("Konto verknüpft"))
_NO_EMAIL: Final = Pill("warn", mark("E-Mail fehlt"))
_NO_MOBILE: Final = Pill("warn", mark("Handy fehlt"))
_WHO_READS: Final = Pill("warn", mark("„Wer liest?“ offen"))
_SUSPECT: Final = Pill("warn", mark("Adresse unsicher"))
_LOCKED: Final = Pill("warn", mark("Geburtsdatum gesperrt"))
_OBJECTED: Final = Pill("bad", mark("widersprochen"))
_DECEASED: Final = Pill("plain", mark("verstorben"))
_ARCHIVED: Final = Pill("plain", mark("aufgegangen in einer anderen Karteikarte"))


def can_be_written_to(contact: ContactState) -> bool:
    """Whether messaging takes a message to the patient."""
    complete = contact.has_email and contact.has_mobile
    stopped = contact.conflict or contact.objected or contact.deceased or contact.archived
    return complete and not stopped


def pills(contact: ContactState) -> list[Pill]:
    """What the record says of itself, the weightiest first; who has gone or said no is asked nothing more."""
    if contact.archived:
        return [_ARCHIVED]
    if contact.deceased:
        return [_DECEASED]
    if contact.objected:
        return [_OBJECTED]
    found = [
        pill
        for pill, says in (
            (_WHO_READS, contact.conflict),
            (_NO_EMAIL, not contact.has_email),
            (_NO_MOBILE, not contact.has_mobile),
            (_SUSPECT, contact.address_suspect),
            (_LOCKED, contact.birth_date_locked),
            (_BOUND, contact.bound),
        )
        if says
    ]
    return found or [_READY]
