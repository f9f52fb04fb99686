"""Questions, answers and representations as the contracts write them."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from chassis.refusal import invalid
from chassis.validation import one_line, required_uuid
from praxispost.identity.v1 import readers_pb2
from services.identity.birth_dates import birth_date
from services.identity.readers.answers import Answer, OwnContact, SamePerson, SomebodyReads
from services.identity.readers.domain import Basis, Cause, Terms
from services.identity.readers.questions import OpenQuestion
from services.identity.readers.reading import Readers
from services.identity.readers.representations import Representation
from services.identity.times import timestamp

_NOTE: Final = 500
_BASES: Final["Mapping[readers_pb2.RepresentationBasis.ValueType, Basis]"] = {
    readers_pb2.REPRESENTATION_BASIS_CUSTODY: "custody",
    readers_pb2.REPRESENTATION_BASIS_AUTHORISATION: "authorisation",
}
_WIRE_BASES: Final = {basis: value for value, basis in _BASES.items()}
_CAUSES: Final["Mapping[Cause, readers_pb2.QuestionCause.ValueType]"] = {
    "contact_shared": readers_pb2.QUESTION_CAUSE_CONTACT_SHARED,
    "fourteen": readers_pb2.QUESTION_CAUSE_FOURTEEN,
    "representation_ended": readers_pb2.QUESTION_CAUSE_REPRESENTATION_ENDED,
}


def answer_of(request: readers_pb2.AnswerReaderQuestionRequest, today: date) -> Answer:
    """The answer that the request holds; refuses none, and ids that do not fit together."""
    match request.WhichOneof("answer"):
        case "same_person":
            return _same_person(request.patient_id, request.same_person)
        case "represented":
            return _somebody_reads(request.patient_id, request.represented, today)
        case "own_contact":
            return OwnContact()
    raise invalid("answer", "is required")


def question_message(question: OpenQuestion) -> readers_pb2.ReaderQuestion:
    """The question as the contracts write it."""
    return readers_pb2.ReaderQuestion(
        patient_id=str(question.patient_id),
        cause=_CAUSES[question.cause],
        opened_at=timestamp(question.opened_at),
        shared_with=[str(each) for each in question.shared_with],
    )


def readers_message(readers: Readers) -> readers_pb2.GetReadersResponse:
    """The answer of GetReaders."""
    question, representation = readers.question, readers.representation
    return readers_pb2.GetReadersResponse(
        question=None if question is None else question_message(question),
        representation=None if representation is None else _representation(representation),
        represented_ids=[str(each) for each in readers.represented],
        merged_into_id=str(readers.merged_into or ""),
    )


def _representation(known: Representation) -> readers_pb2.Representation:
    return readers_pb2.Representation(
        patient_id=str(known.patient_id),
        representative_id=str(known.representative_id),
        basis=_WIRE_BASES[known.basis],
        basis_note=known.terms.note,
        began_at=timestamp(known.began_at),
        ends_on=known.ends_on.isoformat() if known.ends_on else "",
    )


def _same_person(patient_id: str, given: readers_pb2.SamePerson) -> SamePerson:
    asked = required_uuid("patient_id", patient_id)
    other = required_uuid("same_person.other_patient_id", given.other_patient_id)
    archived = required_uuid("same_person.archived_patient_id", given.archived_patient_id)
    if archived not in (asked, other):
        raise invalid("same_person.archived_patient_id", "must be one of the two records")
    return SamePerson(other, archived)


def _somebody_reads(patient_id: str, given: readers_pb2.Represented, today: date) -> SomebodyReads:
    asked = required_uuid("patient_id", patient_id)
    represented = required_uuid("represented.represented_patient_id", given.represented_patient_id)
    representative = required_uuid("represented.representative_id", given.representative_id)
    if asked not in (represented, representative):
        raise invalid("represented.representative_id", "must be the patient asked about, or represent them")
    basis = _BASES.get(given.basis)
    if basis is None:
        raise invalid("represented.basis", "is required")
    required = 1 if basis == "authorisation" else 0
    note = one_line("represented.basis_note", given.basis_note, minimum=required, maximum=_NOTE)
    return SomebodyReads(represented, representative, basis, Terms(note, _ends_on(given.ends_on, today)))


def _ends_on(value: str, today: date) -> date | None:
    if not value:
        return None
    ends = birth_date("represented.ends_on", value)
    if ends <= today:
        raise invalid("represented.ends_on", "must be in the future")
    return ends
