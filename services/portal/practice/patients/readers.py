"""Who reads for a patient: the question where records share their contact data, its answers, their end."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.patients_pb2 import GetPatientRequest, Patient
from praxispost.identity.v1.readers_pb2 import (
    AnswerReaderQuestionRequest,
    EndRepresentationRequest,
    GetReadersRequest,
    GetReadersResponse,
    OwnContact,
    QuestionCause,
    RepresentationBasis,
)
from services.portal.notices import Notice, done, problem
from services.portal.people import Person
from services.portal.practice.patients.ages import age
from services.portal.practice.patients.concerns import ends_soon
from services.portal.practice.patients.overviews import Overviews
from services.portal.practice.patients.reader_answers import (
    REFUSED,
    choices,
    errors_of,
    is_minor,
    last_day,
    represented_of,
)
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import mark

_PATH: Final = "/practice/patients/{patient_id}/readers"
_CAUSES: Final[Mapping[QuestionCause.ValueType, str]] = {
    QuestionCause.QUESTION_CAUSE_CONTACT_SHARED: "shared",
    QuestionCause.QUESTION_CAUSE_FOURTEEN: "fourteen",
    QuestionCause.QUESTION_CAUSE_REPRESENTATION_ENDED: "ended",
}
_DONE: Final[Mapping[str, str]] = {
    "answered": mark("Geklärt. Nachrichten können jetzt hinausgehen."),
    "open": mark(
        "Gespeichert. Die Kontaktdaten stehen noch in einer weiteren Karteikarte: Bitte klären Sie auch das."
    ),
    "ended": mark("Die Vertretung ist beendet."),
    "asked": mark(
        "Die Vertretung ist beendet. Die Kontaktdaten sind noch dieselben: Bitte klären Sie, wer jetzt liest."
    ),
}


class Readers:
    """The page and the answers that one gives on it."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services
        self._overviews = Overviews(tools.services)
        self._new_id = tools.new_id

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(_PATH, self.show),
            routing.staff(f"{_PATH}/represented", self.represented, methods=["POST"]),
            routing.staff(f"{_PATH}/own", self.own, methods=["POST"]),
            routing.staff(f"{_PATH}/end", self.end, methods=["POST"]),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """Who reads, and what is asked."""
        text = _DONE.get(visit.query("done"))
        return await self._page(visit, person, done(visit.words.say(text)) if text else None)

    async def represented(self, visit: Visit, person: Person) -> Response:
        """Somebody reads for somebody."""
        request = AnswerReaderQuestionRequest(
            request_id=visit.form.line("request_id"),
            patient_id=visit.argument("patient_id"),
            represented=represented_of(visit.form),
        )
        return await self._answer(visit, person, request)

    async def own(self, visit: Visit, person: Person) -> Response:
        """Everybody reads for themselves."""
        request = AnswerReaderQuestionRequest(
            request_id=visit.form.line("request_id"),
            patient_id=visit.argument("patient_id"),
            own_contact=OwnContact(),
        )
        return await self._answer(visit, person, request)

    async def end(self, visit: Visit, person: Person) -> Response:
        """The representative reads no more."""
        patient_id = visit.argument("patient_id")
        request = EndRepresentationRequest(request_id=visit.form.line("request_id"), patient_id=patient_id)
        try:
            answer = await person.ask(self._services.readers.EndRepresentation, request)
        except Refusal as refusal:
            return await self._refused(visit, person, refusal)
        return go_to(f"/practice/patients/{patient_id}/readers?done={'asked' if answer.open else 'ended'}")

    async def _answer(self, visit: Visit, person: Person, request: AnswerReaderQuestionRequest) -> Response:
        try:
            answer = await person.ask(self._services.readers.AnswerReaderQuestion, request)
        except Refusal as refusal:
            return await self._refused(visit, person, refusal)
        became = "open" if answer.open else "answered"
        return go_to(f"/practice/patients/{request.patient_id}/readers?done={became}")

    async def _refused(self, visit: Visit, person: Person, refusal: Refusal) -> Response:
        text = REFUSED.get(refusal.reason)
        if text is not None:
            return await self._page(visit, person, problem(visit.words.say(text)))
        errors = errors_of(visit.words, refusal)
        notice = problem(visit.words.say("Es wurde nichts gespeichert. Bitte prüfen Sie Ihre Angaben."))
        return await self._page(visit, person, notice, errors)

    async def _page(
        self,
        visit: Visit,
        person: Person,
        notice: Notice | None,
        errors: Mapping[str, str] | None = None,
    ) -> Response:
        patient, readers = await self._known(visit, person)
        records = await self._overviews.concerned(person, readers)
        return visit.page(
            "practice/patients/readers.html",
            status=409 if notice is not None and notice.kind == "bad" else 200,
            person=person,
            notice=notice,
            errors=errors or {},
            request_id=visit.form.line("request_id") or str(self._new_id()),
            **reading_of(visit, patient, readers, records),
        )

    async def _known(self, visit: Visit, person: Person) -> tuple[Patient, GetReadersResponse]:
        patient_id = visit.argument("patient_id")
        found = await person.ask(self._services.patients.GetPatient, GetPatientRequest(patient_id=patient_id))
        readers = await person.ask(
            self._services.readers.GetReaders, GetReadersRequest(patient_id=patient_id)
        )
        return found.patient, readers


def reading_of(
    visit: Visit, patient: Patient, readers: GetReadersResponse, records: Mapping[str, Patient]
) -> Mapping[str, object]:
    """What the page shows of who reads for a patient; `records` are the others that it is about."""
    today = visit.words.local(visit.now).date()
    sharing = [records[each] for each in _asked_about(readers) if each in records]
    return {
        "typed": visit.form.fields(),
        "patient": patient,
        "readers": readers,
        "records": records,
        "cause": _CAUSES.get(readers.question.cause, "shared") if readers.HasField("question") else "",
        "sharing": sharing,
        "same_number": [each for each in sharing if _same_number(patient, each)],
        "choices": choices(patient, sharing, today),
        "minors": any(is_minor(each, today) for each in (patient, *sharing)),
        "by_custody": readers.representation.basis == RepresentationBasis.REPRESENTATION_BASIS_CUSTODY,
        "last_day": last_day(readers.representation.ends_on),
        "ends_soon": ends_soon(readers, today),
        "age": lambda each: age(each.data.birth_date, today),
    }


def _asked_about(readers: GetReadersResponse) -> list[str]:
    """The other records that an answer can be about."""
    ids = list(readers.question.shared_with)
    if readers.HasField("representation") and readers.representation.representative_id not in ids:
        ids.append(readers.representation.representative_id)
    return ids


def _same_number(patient: Patient, other: Patient) -> bool:
    same_email = patient.data.email.casefold() == other.data.email.casefold()
    return same_email and patient.data.mobile == other.data.mobile
