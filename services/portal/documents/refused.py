"""What is said where a document is not taken or not given, and whether the same again may help."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from chassis.refusal import Refusal
from services.portal.words import Words, mark


@dataclass(frozen=True, slots=True)
class Problem:
    """What a person reads. `again`: nothing is wrong with the document, it may work in a moment."""

    status: int
    text: str
    again: bool = False


class NotGiven(Exception):
    """A document does not come; what to say of it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


LATER: Final = Problem(
    503,
    mark(
        "Der Speicher für Anhänge antwortet gerade nicht. Bitte versuchen Sie es in einer Minute noch einmal."
    ),
    True,
)
_BROKE_OFF: Final = Problem(400, mark("Die Datei kam nicht vollständig an."), True)
_BUSY: Final = Problem(429, mark("Gerade werden schon mehrere Dateien hochgeladen."), True)
NO_LENGTH: Final = Problem(411, mark("Die Datei kam nicht vollständig an."))
NAME: Final = Problem(
    400,
    mark(
        "Dieser Dateiname geht nicht. Benennen Sie die Datei um: höchstens 255 Zeichen, kein / oder \\, "
        "keine unsichtbaren Zeichen."
    ),
)
EMPTY: Final = Problem(400, mark("Die Datei ist leer."))
NOT_HERE: Final = Problem(404, mark("Diesen Anhang gibt es nicht, oder er ist nicht mehr da."))
NOT_SHOWN: Final = Problem(
    415, mark("Diese Art von Datei lässt sich hier nicht ansehen. Bitte laden Sie sie herunter.")
)
_CANNOT_BE_DRAWN: Final = Problem(
    409,
    mark(
        "Diese Datei lässt sich hier nicht ansehen: Sie ist beschädigt oder mit einem Passwort geschützt. "
        "Bitte laden Sie sie herunter."
    ),
)
_FULL: Final = mark(
    "Der Speicherplatz der Praxis reicht dafür nicht. Wie viel belegt ist, steht unter Verwaltung, Praxis."
)
_FULL_FOR_PATIENTS: Final = mark(
    "Die Praxis kann im Moment keine weiteren Anhänge annehmen. "
    "Schreiben Sie ohne Anhang, oder rufen Sie dort an."
)
_RELOAD: Final = Problem(404, mark("Hierhin können Sie nichts hochladen. Bitte laden Sie die Seite neu."))
_UPLOADS: Final[Mapping[str, Problem]] = {
    "PATIENT_NOT_FOUND": _RELOAD,
    "SIZE_MISMATCH": _BROKE_OFF,
    "HASH_MISMATCH": _BROKE_OFF,
    "DEADLINE_PASSED": _BROKE_OFF,
    "ATTACHMENT_EMPTY": EMPTY,
    "REQUEST_ID_REUSED": Problem(
        409, mark("Die Datei hat sich inzwischen geändert. Bitte fügen Sie sie noch einmal hinzu.")
    ),
    "UPLOAD_IN_PROGRESS": Problem(409, mark("Dieselbe Datei kommt gerade schon an."), True),
    "TOO_MANY_UPLOADS": _BUSY,
    "OVERLOADED": _BUSY,
    "STORE_UNAVAILABLE": LATER,
    "MALWARE_FOUND": Problem(
        400,
        mark(
            "Der Virenscanner hält diese Datei für schädlich. Sie wurde nicht gespeichert. "
            "Öffnen Sie sie nicht, und schicken Sie sie niemandem."
        ),
    ),
    "SCANNER_UNAVAILABLE": Problem(
        503,
        mark(
            "Die Datei ließ sich gerade nicht auf Viren prüfen und wurde nicht gespeichert. "
            "Bitte versuchen Sie es in einer Minute noch einmal."
        ),
        True,
    ),
    "PHOTO_UNREADABLE": Problem(
        400,
        mark(
            "Dieses Bild lässt sich nicht öffnen, oder es ist zu groß. "
            "Schicken Sie es als PDF oder wählen Sie ein anderes."
        ),
    ),
}
_DOWNLOADS: Final[Mapping[str, Problem]] = {
    "MESSAGE_NOT_FOUND": NOT_HERE,
    "DRAFT_NOT_FOUND": NOT_HERE,
    "ATTACHMENT_NOT_FOUND": NOT_HERE,
    "MESSAGE_WITHDRAWN": Problem(
        409, mark("Die Praxis hat diese Nachricht zurückgezogen. Ihre Anhänge sind nicht mehr da.")
    ),
    "CONTENT_ERASED": Problem(409, mark("Der Inhalt dieser Nachricht wurde gelöscht, auch ihre Anhänge.")),
    "GRANT_REFUSED": NOT_HERE,
    "ORIGINAL_NOT_KEPT": Problem(
        409,
        mark("Die ursprüngliche Aufnahme ist nicht da: Aufnahmeort und Gerät wurden aus dem Foto entfernt."),
    ),
    "NOT_SHOWN": _CANNOT_BE_DRAWN,
    "OVERLOADED": Problem(429, mark("Gerade ist viel los. Bitte versuchen Sie es gleich noch einmal."), True),
    "STORE_UNAVAILABLE": LATER,
}


def too_large(words: Words, limit: int) -> Problem:
    """The document has more than `limit` bytes."""
    text = words.say("Die Datei ist zu groß. Erlaubt sind höchstens %(limit)s.", limit=words.size(limit))
    return Problem(413, text)


def upload_refused(refusal: Refusal, words: Words, *, practice_side: bool) -> Problem:
    """What to say of an upload that attachments refused; raises the refusal where there are no words."""
    if refusal.reason == "QUOTA_EXCEEDED":
        return Problem(409, _FULL if practice_side else _FULL_FOR_PATIENTS)
    if refusal.reason == "ATTACHMENT_TOO_LARGE":
        return too_large(words, int(refusal.metadata["limit_bytes"]))
    if refusal.reason == "INVALID_FIELD":
        return NAME if any("file_name" in each.field for each in refusal.fields) else _RELOAD
    known = _UPLOADS.get(refusal.reason)
    if known is None:
        raise refusal
    return known


def download_refused(refusal: Refusal) -> Problem:
    """What to say of a document that is not given; raises the refusal where there are no words."""
    if refusal.reason == "INVALID_FIELD":
        return NOT_HERE
    known = _DOWNLOADS.get(refusal.reason)
    if known is None:
        raise refusal
    return known
