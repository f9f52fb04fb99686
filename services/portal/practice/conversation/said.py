"""What a conversation's page says after something was done with it; addresses carry only the key."""

from collections.abc import Mapping
from typing import Final

from services.portal.notices import Notice, done, problem
from services.portal.words import Words, mark

_DONE: Final[Mapping[str, str]] = {
    "sent": mark("Gesendet. Der Hinweis wird versandt."),
    "done": mark("Erledigt. Die nächste Antwort öffnet die Unterhaltung wieder."),
    "reopened": mark("Die Unterhaltung ist wieder offen."),
    "assigned": mark("Zugewiesen."),
    "unassigned": mark("Die Unterhaltung gehört wieder allen."),
    "withdrawn": mark("Zurückgezogen. Die Patient:in kann die Nachricht nicht mehr öffnen."),
    "closed": mark("Auf diese Nachricht kann nicht mehr geantwortet werden."),
    "erased": mark("Der Inhalt ist gelöscht."),
    "prompted": mark("Der Hinweis wird noch einmal versandt."),
    "confirmed": mark(
        "Freigegeben. Die Nachricht wird jetzt gesendet, und mit ihr alle mit denselben Worten."
    ),
    "rejected": mark("Abgelehnt. Die Nachricht wird nicht gesendet."),
}
_WAITING: Final[Mapping[str, str]] = {
    "held": mark(
        "Noch nicht gesendet: Derselbe Text ging an viele. Eine zweite Person muss ihn freigeben, hier oder "
        "unter Aufgaben."
    ),
}
_REFUSED: Final[Mapping[str, str]] = {
    "answers-unread": mark(
        "Es gibt noch ungelesene Antworten. Lesen Sie sie, dann markieren Sie als erledigt."
    ),
    "nobody": mark(
        "Diese Person kann nichts übernehmen. Laden Sie die Seite neu und wählen Sie noch einmal."
    ),
}


def said(words: Words, key: str) -> Notice | None:
    """The sentence for a key; none for what is no key."""
    if key in _DONE:
        return done(words.say(_DONE[key]))
    if key in _WAITING:
        return Notice("warn", words.say(_WAITING[key]))
    return problem(words.say(_REFUSED[key])) if key in _REFUSED else None
