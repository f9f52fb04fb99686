"""What of a patient's record needs somebody, each with what it means and where it is settled."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from praxispost.identity.v1.access_pb2 import GetAccessResponse
from praxispost.identity.v1.imports_pb2 import GetImportDifferenceResponse
from praxispost.identity.v1.patients_pb2 import Patient
from praxispost.identity.v1.readers_pb2 import GetReadersResponse, QuestionCause
from services.portal.words import mark

_TOLD_BEFORE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Overview:
    """All that identity knows of a patient."""

    patient: Patient
    access: GetAccessResponse
    readers: GetReadersResponse
    difference: GetImportDifferenceResponse


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing: `text` as one says it, `path` (within the patient's pages) and `step` lead to where it is
    settled; both may be empty."""

    kind: Literal["plain", "warn", "bad"]
    text: str
    path: str = ""
    step: str = ""


_ARCHIVED: Final = Concern(
    "plain", mark("Diese Karteikarte ist in einer anderen aufgegangen. Was hier steht, bleibt lesbar.")
)
_DECEASED: Final = Concern(
    "plain", mark("Verstorben: Es gehen keine Nachrichten, Hinweise und Erinnerungen mehr hinaus.")
)
_OBJECTED: Final = Concern(
    "bad", mark("Möchte keine elektronischen Nachrichten. Bitte rufen Sie an oder schreiben Sie einen Brief.")
)
_WHO_READS: Final = Concern(
    "warn",
    mark(
        "Die E-Mail-Adresse steht auch in einer anderen Karteikarte. "
        "Bis geklärt ist, wer liest, geht nichts hinaus."
    ),
    "/readers",
    mark("Festlegen, wer liest"),
)
_FOURTEEN: Final = Concern(
    "warn",
    mark(
        "Ist jetzt 14: Soll weiter jemand anderes lesen? "
        "Bis Sie antworten, bleibt es dabei, aber Neues geht nicht hinaus."
    ),
    "/readers",
    mark("Festlegen, wer liest"),
)
_ENDS_SOON: Final = Concern("warn", mark("Die Vertretung endet bald."), "/readers", mark("Ansehen"))
_NO_EMAIL: Final = Concern(
    "warn",
    mark("Ohne E-Mail-Adresse kann niemand Nachrichten bekommen."),
    "/edit?focus=email",
    mark("E-Mail-Adresse ergänzen"),
)
_NO_MOBILE: Final = Concern(
    "warn",
    mark("Ohne Handynummer kann niemand Nachrichten bekommen."),
    "/edit?focus=mobile",
    mark("Handynummer ergänzen"),
)
_CANNOT_GET_IN: Final = Concern(
    "warn",
    mark("Jemand hat versucht, sich zu registrieren, und kommt nicht hinein."),
    "/access",
    mark("Helfen"),
)
_REFUSED: Final = Concern(
    "bad",
    mark("Eine Hinweis-E-Mail kam zurück. An diese Adresse geht nichts mehr."),
    "/access",
    mark("Adresse klären"),
)
_NOT_FOR_ME: Final = Concern(
    "bad",
    mark(
        "Wer die E-Mails an diese Adresse liest, sagt: „Nicht für mich“. An diese Adresse geht nichts mehr."
    ),
    "/access",
    mark("Adresse klären"),
)
_LOCKED: Final = Concern(
    "warn", mark("Das Geburtsdatum wurde dreimal falsch angegeben."), "/access", mark("Helfen")
)
_SUSPENDED: Final = Concern(
    "warn",
    mark("Der Zugang ruht, bis die Person die geänderten Kontaktdaten bestätigt hat."),
    "/access",
    mark("Ansehen"),
)
_DIFFERS: Final = Concern(
    "warn", mark("Ein Import nennt andere Kontaktdaten als die bestätigten."), "/import", mark("Vergleichen")
)


def concerns(known: Overview, today: date) -> list[Concern]:
    """What there is, the weightiest first; about who has gone or said no, nothing else is asked."""
    contact = known.patient.contact
    if contact.archived:
        return [_ARCHIVED]
    if contact.deceased:
        return [_DECEASED]
    if contact.objected:
        return [_OBJECTED]
    return [*_of_readers(known, today), *_of_contact(known), *_of_access(known.access)]


def ends_soon(readers: GetReadersResponse, today: date) -> bool:
    """Whether the practice has been told that the representation ends."""
    ends_on = readers.representation.ends_on
    return bool(ends_on) and date.fromisoformat(ends_on) <= today + _TOLD_BEFORE


def _of_readers(known: Overview, today: date) -> Iterator[Concern]:
    readers = known.readers
    if readers.HasField("question"):
        yield _FOURTEEN if readers.question.cause == QuestionCause.QUESTION_CAUSE_FOURTEEN else _WHO_READS
    elif ends_soon(readers, today):
        yield _ENDS_SOON


def _of_contact(known: Overview) -> Iterator[Concern]:
    if not known.patient.contact.has_email:
        yield _NO_EMAIL
    if not known.patient.contact.has_mobile:
        yield _NO_MOBILE
    if known.difference.open:
        yield _DIFFERS


def _of_access(access: GetAccessResponse) -> Iterator[Concern]:
    if access.not_for_me:
        yield _NOT_FOR_ME
    elif access.address_refused:
        yield _REFUSED
    if access.HasField("task_opened_at"):
        yield _CANNOT_GET_IN
    elif access.birth_date_locked:
        yield _LOCKED
    elif access.suspended:
        yield _SUSPENDED
