"""A patient's card: who it is, what needs somebody, all messages, and what the practice noted."""

import asyncio
from collections.abc import Mapping
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from praxispost.identity.v1.access_pb2 import MarkPatientRequest, PatientMark
from praxispost.identity.v1.practices_pb2 import Language
from praxispost.messaging.v1.drafts_pb2 import ListDraftsRequest
from services.portal.notices import Notice, done
from services.portal.people import Person
from services.portal.practice.patients.ages import age
from services.portal.practice.patients.concerns import concerns
from services.portal.practice.patients.history import Histories
from services.portal.practice.patients.overviews import Overviews
from services.portal.practice.patients.standing import can_be_written_to, pills
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import mark

_PATH: Final = "/practice/patients/{patient_id}"
_DRAFTS: Final = 20
_DONE: Final[Mapping[str, str]] = {
    "created": mark("Angelegt."),
    "saved": mark("Gespeichert."),
    "contact": mark(
        "Gespeichert. Ungelesene Nachrichten werden an die neue Adresse noch einmal angekündigt."
    ),
    "marked": mark("Vermerkt."),
    "unmarked": mark("Der Vermerk ist weg."),
    "settled": mark("Geklärt."),
    "kept": mark("Die bestätigten Kontaktdaten bleiben."),
    "merged": mark("Die beiden Karteikarten gehören jetzt zusammen. Schreiben Sie nur noch hier."),
}
_MARKS: Final[Mapping[str, PatientMark.ValueType]] = {
    "objected": PatientMark.PATIENT_MARK_OBJECTED,
    "deceased": PatientMark.PATIENT_MARK_DECEASED,
    "permitted": PatientMark.PATIENT_MARK_PERMITTED,
}
_LANGUAGES: Final = {
    Language.LANGUAGE_UNSPECIFIED: "",
    Language.LANGUAGE_GERMAN: "Deutsch",
    Language.LANGUAGE_ENGLISH: "English",
}


class Card:
    """The card, and its parts that follow what happens."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services
        self._overviews = Overviews(tools.services)
        self._histories = Histories(tools.services)

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(_PATH, self.show),
            routing.staff(f"{_PATH}/standing", self.standing),
            routing.staff(f"{_PATH}/history", self.history),
            routing.staff(f"{_PATH}/drafts", self.drafts),
            routing.staff(f"{_PATH}/marks", self.mark, methods=["POST"]),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """All of it."""
        patient_id = visit.argument("patient_id")
        known, history, drafts = await asyncio.gather(
            self._overviews.of(person, patient_id),
            self._histories.of(visit, person, patient_id, visit.query("after")),
            person.ask(
                self._services.drafts.ListDrafts, ListDraftsRequest(patient_id=patient_id, page_size=_DRAFTS)
            ),
        )
        today = visit.words.local(visit.now).date()
        return visit.page(
            "practice/patients/card.html",
            person=person,
            notice=_notice(visit),
            known=known,
            patient=known.patient,
            others=await self._overviews.concerned(person, known.readers),
            age=age(known.patient.data.birth_date, today),
            language=_LANGUAGES.get(known.patient.data.language, ""),
            pills=pills,
            concerns=concerns(known, today),
            can_be_written_to=can_be_written_to(known.patient.contact),
            history=history,
            drafts=drafts,
        )

    async def standing(self, visit: Visit, person: Person) -> Response:
        """What the record says of itself, and what needs somebody."""
        known = await self._overviews.of(person, visit.argument("patient_id"))
        return visit.page(
            "practice/patients/parts/standing.html",
            patient=known.patient,
            pills=pills,
            concerns=concerns(known, visit.words.local(visit.now).date()),
        )

    async def history(self, visit: Visit, person: Person) -> Response:
        """The messages."""
        patient_id = visit.argument("patient_id")
        history = await self._histories.of(visit, person, patient_id, visit.query("after"))
        return visit.page("practice/patients/parts/history.html", patient_id=patient_id, history=history)

    async def drafts(self, visit: Visit, person: Person) -> Response:
        """What somebody has begun to write to the patient."""
        request = ListDraftsRequest(patient_id=visit.argument("patient_id"), page_size=_DRAFTS)
        found = await person.ask(self._services.drafts.ListDrafts, request)
        return visit.page("practice/patients/parts/drafts.html", drafts=found)

    async def mark(self, visit: Visit, person: Person) -> Response:
        """Note a wish or a fate, or take the note away."""
        chosen = _MARKS.get(visit.form.line("mark"))
        if chosen is None:
            raise HTTPException(400)
        patient_id, wanted = visit.argument("patient_id"), visit.form.line("set") == "yes"
        request = MarkPatientRequest(patient_id=patient_id, mark=chosen, set=wanted)
        await person.ask(self._services.access.MarkPatient, request)
        return go_to(f"/practice/patients/{patient_id}?done={'marked' if wanted else 'unmarked'}")


def _notice(visit: Visit) -> Notice | None:
    text = _DONE.get(visit.query("done"))
    return done(visit.words.say(text)) if text else None
