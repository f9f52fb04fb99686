"""The views of the inbox, and how much waits in each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from praxispost.messaging.v1.work_pb2 import GetTaskCountsResponse, WorkFilter, WorkKind
from services.portal.words import Words, mark

FIRST: Final = "all"


@dataclass(frozen=True, slots=True)
class View:
    """One of them; `empty` is said where there is nothing in it."""

    filter: WorkFilter.ValueType
    label: str
    empty: str


VIEWS: Final[Mapping[str, View]] = {
    FIRST: View(
        WorkFilter.WORK_FILTER_ALL, mark("Alle"), mark("Noch keine Nachrichten. Die erste schreiben Sie.")
    ),
    "waiting": View(
        WorkFilter.WORK_FILTER_NEEDS_SOMEBODY,
        mark("Wartet auf jemanden"),
        mark("Nichts wartet auf jemanden. Alles ist getan."),
    ),
    "answers": View(
        WorkFilter.WORK_FILTER_UNREAD_ANSWERS, mark("Neue Antworten"), mark("Keine ungelesenen Antworten.")
    ),
    "due": View(
        WorkFilter.WORK_FILTER_DUE,
        mark("Ungelesen und fällig"),
        mark("Nichts ist überfällig: Was gelesen sein soll, ist gelesen."),
    ),
    "failed": View(
        WorkFilter.WORK_FILTER_FAILED, mark("Nicht angekommen"), mark("Alle Hinweise sind angekommen.")
    ),
    "held": View(WorkFilter.WORK_FILTER_HELD, mark("Angehalten"), mark("Keine Nachricht ist angehalten.")),
    "mine": View(
        WorkFilter.WORK_FILTER_ASSIGNED_TO_ME, mark("Mir zugewiesen"), mark("Ihnen ist nichts zugewiesen.")
    ),
    "sent": View(
        WorkFilter.WORK_FILTER_SENT_BY_ME,
        mark("Von mir gesendet"),
        mark("Sie haben noch keine Nachricht gesendet."),
    ),
    "open": View(WorkFilter.WORK_FILTER_OPEN, mark("Offen"), mark("Nichts ist offen. Alles ist erledigt.")),
    "done": View(
        WorkFilter.WORK_FILTER_DONE, mark("Erledigt"), mark("Noch ist nichts als erledigt markiert.")
    ),
}
_COUNTED: Final = {
    WorkKind.WORK_KIND_UNREAD_ANSWER: "answers",
    WorkKind.WORK_KIND_DUE: "due",
    WorkKind.WORK_KIND_FAILED: "failed",
    WorkKind.WORK_KIND_HELD: "held",
}


@dataclass(frozen=True, slots=True)
class Tab:
    """A view as it is offered; `count` 0 is not shown."""

    key: str
    label: str
    count: int


def known(key: str) -> str:
    """The view that an address names; the first one where it names none."""
    return key if key in VIEWS else FIRST


def tabs(words: Words, counts: GetTaskCountsResponse, current: str) -> Sequence[Tab]:
    """All views. What is hardly ever needed is offered only while there is something in it."""
    known_counts = {_COUNTED[each.kind]: each.count for each in counts.counts if each.kind in _COUNTED}
    known_counts |= {"waiting": sum(each.count for each in counts.counts), "mine": counts.assigned_to_me}
    return [
        Tab(key, words.say(view.label), known_counts.get(key, 0))
        for key, view in VIEWS.items()
        if key != "held" or key == current or known_counts.get(key)
    ]
