"""The answers to "Wer liest?" as forms give them, and what is said where one is not possible."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from chassis.refusal import Refusal
from praxispost.identity.v1.patients_pb2 import Patient
from praxispost.identity.v1.readers_pb2 import RepresentationBasis, Represented
from services.portal.practice.patients.ages import OF_AGE, age, iso_date
from services.portal.visits import Form
from services.portal.words import Words, mark

BASES: Final[Mapping[str, RepresentationBasis.ValueType]] = {
    "custody": RepresentationBasis.REPRESENTATION_BASIS_CUSTODY,
    "authorisation": RepresentationBasis.REPRESENTATION_BASIS_AUTHORISATION,
}
REFUSED: Final[Mapping[str, str]] = {
    "BIRTH_DATE_MISSING": mark(
        "Für das Sorgerecht braucht die Karteikarte, für die jemand lesen soll, ein Geburtsdatum. "
        "Ergänzen Sie es zuerst."
    ),
    "NOT_A_MINOR": mark(
        "Diese Person ist volljährig: Sorgerecht gibt es nicht mehr, es braucht eine Vollmacht."
    ),
    "STILL_A_MINOR": mark(
        "Diese Person ist noch nicht 18 und kann niemanden bevollmächtigen. Wählen Sie Sorgerecht."
    ),
    "CONTACT_STILL_SHARED": mark(
        "Es fehlt noch eine eigene E-Mail-Adresse oder Handynummer: "
        "Berichtigen Sie zuerst eine der Karteikarten."
    ),
    "REPRESENTATIVE_NOT_POSSIBLE": mark(
        "Das geht so nicht: Wer für andere liest, muss volljährig sein "
        "und darf nicht selbst vertreten werden."
    ),
    "CONTACT_NOT_SHARED": mark("Die Kontaktdaten sind inzwischen verschieden. Sehen Sie nach, wie es steht."),
    "QUESTION_NOT_OPEN": mark("Die Frage ist inzwischen beantwortet. Sehen Sie nach, wie es steht."),
    "PATIENT_ARCHIVED": mark("Eine der Karteikarten ist inzwischen in einer anderen aufgegangen."),
    "REPRESENTATION_NOT_FOUND": mark("Die Vertretung ist schon beendet."),
    "REQUEST_ID_REUSED": mark("Das war schon geschehen. Bitte sehen Sie nach, wie es steht."),
}
_WRONG: Final[Mapping[str, str]] = {
    "represented_patient_id": mark("Bitte wählen Sie, wer für wen liest."),
    "representative_id": mark("Bitte wählen Sie, wer für wen liest."),
    "basis": mark("Bitte wählen Sie, worauf sich das stützt."),
    "basis_note": mark(
        "Bitte nennen Sie die Vollmacht oder den Beschluss, in einer Zeile mit höchstens 500 Zeichen."
    ),
    "ends_on": mark("Bitte geben Sie einen Tag in der Zukunft an, zum Beispiel 31.12.2030."),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody who may read for somebody; `value` is what the form carries."""

    value: str
    reader: Patient
    represented: Patient


def choices(patient: Patient, others: Sequence[Patient], today: date) -> list[Choice]:
    """Who could read for whom: no minor for anybody."""
    pairs = [pair for other in others for pair in ((other, patient), (patient, other))]
    return [
        Choice(f"{reader.id}/{represented.id}", reader, represented)
        for reader, represented in pairs
        if not is_minor(reader, today)
    ]


def is_minor(patient: Patient, today: date) -> bool:
    """Whether the record says that the patient is under 18."""
    years = age(patient.data.birth_date, today)
    return years is not None and years < OF_AGE


def represented_of(form: Form) -> Represented:
    """What was chosen; what was not is left empty, for identity to refuse."""
    reader, _, represented = form.line("who").partition("/")
    return Represented(
        represented_patient_id=represented,
        representative_id=reader,
        basis=BASES.get(form.line("basis"), RepresentationBasis.REPRESENTATION_BASIS_UNSPECIFIED),
        basis_note=form.line("basis_note"),
        ends_on=day_after(iso_date(form.line("last_day"))),
    )


def day_after(last: str) -> str:
    """The first day on which it does not hold any more, after the last one on which it does; what is no day
    stays as it is."""
    try:
        return (date.fromisoformat(last) + timedelta(days=1)).isoformat()
    except (ValueError, OverflowError):
        return last


def last_day(ends_on: str) -> str:
    """The last day on which it holds, from the first on which it does not; empty where it has no end."""
    return (date.fromisoformat(ends_on) - timedelta(days=1)).isoformat() if ends_on else ""


def errors_of(words: Words, refusal: Refusal) -> dict[str, str]:
    """What is wrong, by the form's fields. Raises the refusal where it is about none of them."""
    names = [each.field.rsplit(".", 1)[-1] for each in refusal.fields]
    found = {_field(name): words.say(_WRONG[name]) for name in names if name in _WRONG}
    if refusal.reason != "INVALID_FIELD" or not found:
        raise refusal
    return found


def _field(name: str) -> str:
    return {"represented_patient_id": "who", "representative_id": "who", "ends_on": "last_day"}.get(
        name, name
    )
