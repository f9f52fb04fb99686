"""The page from which a conversation is printed. Its texts come by a person's POST, as everywhere."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.patients_pb2 import BatchGetPatientsRequest
from praxispost.identity.v1.practices_pb2 import GetPracticeRequest
from praxispost.messaging.v1.messaging_pb2 import (
    ListMessagesRequest,
    Message,
    MessageSummary,
    OpenMessagesRequest,
)
from services.portal.people import Person
from services.portal.practice.names import Colleagues, Names, PatientName, patient_name
from services.portal.practice.printing.entries import Entry, entry_of, is_readable
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit

_PATH: Final = "/practice/patients/{patient_id}/print"
# A paper of some hundred sheets; more is printed by period.
_MOST: Final = 1_000
_PAGE: Final = 200
_OPENED_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Period:
    """The days that are wanted, both included; none: from the beginning, to the end."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Sheets:
    """What is printed, the oldest first. `is_cut`: there are more messages than one print takes."""

    patient: PatientName
    practice: str
    printed_by: str
    period: Period
    entries: Sequence[Entry]
    is_cut: bool


class PrintedConversation:
    """All messages with a patient, with what became of each. Nothing is opened by printing: an answer that
    nobody of the practice has read stands there without its text."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services
        self._names = Names(tools.services)

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(_PATH, self.show),
            routing.staff(_PATH, self.fill, methods=["POST"]),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """The page without messages: to look at an address reads nothing."""
        patient = await self._patient(visit, person)
        return visit.page("practice/printing/page.html", person=person, patient=patient, sheets=None)

    async def fill(self, visit: Visit, person: Person) -> Response:
        """The messages of a period."""
        patient = await self._patient(visit, person)
        sheets = await self._sheets(visit, person, patient)
        is_page = visit.request.headers.get("sec-fetch-mode", "navigate") == "navigate"
        template = "practice/printing/page.html" if is_page else "practice/printing/sheets.html"
        return visit.page(template, person=person, patient=patient, sheets=sheets)

    async def _patient(self, visit: Visit, person: Person) -> PatientName:
        request = BatchGetPatientsRequest(patient_ids=[visit.argument("patient_id")])
        try:
            found = (await person.ask(self._services.patients.BatchGetPatients, request)).patients
        except Refusal as refusal:
            raise HTTPException(404) from refusal
        if not found:
            raise HTTPException(404)
        return patient_name(found[0], visit.words)

    async def _sheets(self, visit: Visit, person: Person, patient: PatientName) -> Sheets:
        (messages, is_cut), colleagues, practice = await asyncio.gather(
            self._messages(visit, person, patient.id),
            self._names.colleagues(person, visit.words),
            person.ask(self._services.practices.GetPractice, GetPracticeRequest()),
        )
        texts = await self._texts(person, [each.id for each in messages if is_readable(each)])
        return Sheets(
            patient=patient,
            practice=practice.practice.settings.name,
            printed_by=colleagues.name(person.id),
            period=_period(visit),
            entries=_entries(visit, messages, texts, colleagues, patient),
            is_cut=is_cut,
        )

    async def _messages(
        self, visit: Visit, person: Person, patient_id: str
    ) -> tuple[list[MessageSummary], bool]:
        """Those of the period, the newest first, and whether there are more than fit."""
        period, words = _period(visit), visit.words
        request = ListMessagesRequest(patient_id=patient_id, page_size=_PAGE)
        found: list[MessageSummary] = []
        while len(found) <= _MOST:
            answer = await person.ask(self._services.messaging.ListMessages, request)
            days = [(words.local(each.sent_at).date(), each) for each in answer.messages]
            found += [each for day, each in days if _is_within(period, day)]
            is_past = any(period.first is not None and day < period.first for day, _ in days)
            if not answer.next_page_token or is_past:
                break
            request.page_token = answer.next_page_token
        return found[:_MOST], len(found) > _MOST

    async def _texts(self, person: Person, ids: Sequence[str]) -> Mapping[str, Message]:
        texts: dict[str, Message] = {}
        for start in range(0, len(ids), _OPENED_AT_ONCE):
            request = OpenMessagesRequest(message_ids=ids[start : start + _OPENED_AT_ONCE])
            answer = await person.ask(self._services.messaging.OpenMessages, request)
            known = (each for each in answer.messages if not each.summary.HasField("erased_at"))
            texts |= {each.summary.id: each for each in known}
        return texts


def _entries(
    visit: Visit,
    messages: Sequence[MessageSummary],
    texts: Mapping[str, Message],
    colleagues: Colleagues,
    patient: PatientName,
) -> list[Entry]:
    return [
        entry_of(visit.words, each, texts.get(each.id), colleagues, patient.name)
        for each in reversed(messages)
    ]


def _period(visit: Visit) -> Period:
    return Period(_day(visit.form.line("first")), _day(visit.form.line("last")))


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None


def _is_within(period: Period, day: date) -> bool:
    return (period.first is None or period.first <= day) and (period.last is None or day <= period.last)
