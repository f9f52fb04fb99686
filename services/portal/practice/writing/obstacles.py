"""What stands between a practice and a patient whom it wants to write to, said before anything is written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from praxispost.identity.v1.patients_pb2 import ContactState, Patient
from services.portal.practice.names import patient_name
from services.portal.words import Words, mark


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One of them. `link` leads to where it is mended, or to the record. `final`: nobody can mend it, so
    nothing is to be written. Not `blocks`: it can be sent all the same."""

    text: str
    link: str
    link_text: str
    final: bool = False
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class _Kind:
    holds: Callable[[ContactState], bool]
    text: str
    page: str
    link_text: str
    final: bool = False
    blocks: bool = True


# In the order in which messaging refuses: what staff cannot mend first.
_KINDS: Final[Sequence[_Kind]] = (
    _Kind(
        lambda contact: contact.deceased,
        mark("%(name)s ist als verstorben vermerkt. Es wird nichts mehr versandt."),
        "",
        mark("Zur Karteikarte"),
        final=True,
    ),
    _Kind(
        lambda contact: contact.archived,
        mark("Diese Karteikarte ist in einer anderen derselben Person aufgegangen. Schreiben Sie dort."),
        "",
        mark("Zur Karteikarte"),
        final=True,
    ),
    _Kind(
        lambda contact: contact.objected,
        mark("%(name)s möchte keine elektronischen Nachrichten. Bitte anrufen oder einen Brief schreiben."),
        "",
        mark("Zur Karteikarte"),
        final=True,
    ),
    _Kind(
        lambda contact: not contact.has_email and not contact.has_mobile,
        mark("Es fehlen E-Mail-Adresse und Handynummer. Ohne beide kann niemand die Nachricht lesen."),
        "/edit",
        mark("Kontaktdaten ergänzen"),
    ),
    _Kind(
        lambda contact: not contact.has_email and contact.has_mobile,
        mark("Es fehlt die E-Mail-Adresse. Dorthin geht der Hinweis, dass eine Nachricht wartet."),
        "/edit",
        mark("E-Mail-Adresse ergänzen"),
    ),
    _Kind(
        lambda contact: contact.has_email and not contact.has_mobile,
        mark("Es fehlt die Handynummer. Damit weist sich die Person aus, bevor sie liest."),
        "/edit",
        mark("Handynummer ergänzen"),
    ),
    _Kind(
        lambda contact: contact.conflict,
        mark("Eine weitere Karteikarte hat dieselben Kontaktdaten. Legen Sie zuerst fest, wer liest."),
        "/readers",
        mark("Wer liest für %(given_name)s?"),
    ),
    _Kind(
        lambda contact: contact.address_suspect,
        mark(
            "An diese E-Mail-Adresse geht kein Hinweis: Sie wurde abgewiesen, oder jemand hat gemeldet, dass "
            "sie nicht stimmt. Die Nachricht läge ungelesen im Postfach."
        ),
        "",
        mark("Adresse bestätigen oder berichtigen"),
        blocks=False,
    ),
)


def obstacles(words: Words, patient: Patient) -> list[Obstacle]:
    """What is in the way, in the words of the page; nothing is the usual case."""
    blanks = {"name": patient_name(patient, words).name, "given_name": patient.data.given_name}
    found = [kind for kind in _KINDS if kind.holds(patient.contact)]
    if any(kind.final for kind in found):
        found = [kind for kind in found if kind.final][:1]
    return [
        Obstacle(
            text=words.say(kind.text, **blanks),
            link=f"/practice/patients/{patient.id}{kind.page}",
            link_text=words.say(kind.link_text, **blanks),
            final=kind.final,
            blocks=kind.blocks,
        )
        for kind in found
    ]
