"""Shows the inbox by view and page, and finds conversations by patient as one types."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.patients_pb2 import SearchPatientsRequest
from praxispost.messaging.v1.work_pb2 import (
    GetTaskCountsRequest,
    GetTaskCountsResponse,
    ListWorkRequest,
    ListWorkResponse,
    WorkFilter,
)
from services.portal.people import Person
from services.portal.practice.inbox.filters import FIRST, VIEWS, known, tabs
from services.portal.practice.inbox.rows import Row, rows_of
from services.portal.practice.names import Names, PatientName, patient_name
from services.portal.practice.patients.searching import searchable
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit
from services.portal.words import mark

_PATH: Final = "/practice/inbox"
_MOST_FOUND: Final = 50
_TOO_SHORT: Final = mark("Zum Suchen bitte mindestens zwei Buchstaben eines Namens oder ein Geburtsdatum.")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the page shows: a view's page, or the conversations with some patients."""

    view: str = FIRST
    page: str = ""
    patient_ids: Sequence[str] = ()

    @property
    def request(self) -> ListWorkRequest:
        wanted = WorkFilter.WORK_FILTER_ALL if self.patient_ids else VIEWS[self.view].filter
        return ListWorkRequest(filter=wanted, page_token=self.page, patient_ids=self.patient_ids)

    @property
    def live(self) -> str:
        """Where the script reads the same again; names ids only."""
        named = {"filter": self.view, "page": self.page, "patients": ",".join(self.patient_ids)}
        return f"{_PATH}/list?{urlencode({name: value for name, value in named.items() if value})}"


@dataclass(frozen=True, slots=True)
class _Search:
    """What was looked for, and which patients were found."""

    query: str = ""
    found: Sequence[PatientName] = ()
    is_more: bool = False
    problem: str = ""


class Inbox:
    """The list of conversations."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services
        self._names = Names(tools.services)

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(_PATH, self.show),
            routing.staff(f"{_PATH}/list", self.part),
            routing.staff(_PATH, self.search, methods=["POST"]),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """One page of a view."""
        return await self._answer(visit, person, "page.html", _wanted(visit), _Search())

    async def part(self, visit: Visit, person: Person) -> Response:
        """The same again, for a page that is open."""
        return await self._answer(visit, person, "list.html", _wanted(visit), _Search())

    async def search(self, visit: Visit, person: Person) -> Response:
        """The conversations with the patients whom a name or a birth date means."""
        search = await self._found(visit, person)
        view = known(visit.form.line("filter"))
        wanted = _Wanted(view, "", [each.id for each in search.found])
        is_typing = visit.request.headers.get("sec-fetch-mode", "navigate") != "navigate"
        return await self._answer(visit, person, "found.html" if is_typing else "page.html", wanted, search)

    async def _found(self, visit: Visit, person: Person) -> _Search:
        query = visit.form.line("query")
        if not query:
            return _Search()
        request = SearchPatientsRequest(query=searchable(query), page_size=_MOST_FOUND)
        try:
            answer = await person.ask(self._services.patients.SearchPatients, request)
        except Refusal as refusal:
            if refusal.reason != "INVALID_FIELD":
                raise
            return _Search(query, problem=visit.words.say(_TOO_SHORT))
        found = [patient_name(each, visit.words) for each in answer.patients]
        return _Search(query, found, bool(answer.next_page_token))

    async def _answer(
        self, visit: Visit, person: Person, template: str, wanted: _Wanted, search: _Search
    ) -> Response:
        work, counts, rows = await self._rows(visit, person, wanted, search)
        shown = {each.patient.id for each in rows}
        is_search = bool(wanted.patient_ids or search.query)
        return visit.page(
            f"practice/inbox/{template}",
            person=person,
            badge=sum(each.count for each in counts.counts),
            tabs=tabs(visit.words, counts, wanted.view),
            view=VIEWS[wanted.view],
            wanted=wanted,
            search=search,
            is_search=is_search,
            others=[each for each in search.found if each.id not in shown],
            waiting=[each for each in rows if each.needs_somebody],
            rest=[each for each in rows if not each.needs_somebody],
            next_page=work.next_page_token,
            current="" if is_search else wanted.view,
        )

    async def _rows(
        self, visit: Visit, person: Person, wanted: _Wanted, search: _Search
    ) -> tuple[ListWorkResponse, GetTaskCountsResponse, list[Row]]:
        is_nobody = bool(search.query) and not search.found
        work, counts, colleagues = await asyncio.gather(
            _nothing() if is_nobody else person.ask(self._services.work.ListWork, wanted.request),
            person.ask(self._services.work.GetTaskCounts, GetTaskCountsRequest()),
            self._names.colleagues(person, visit.words),
        )
        ids = [each.patient_id for each in work.conversations]
        patients = {each.id: each for each in search.found}
        patients |= await self._names.patients(
            person, visit.words, [each for each in ids if each not in patients]
        )
        rows = rows_of(visit.words, visit.now, work.conversations, patients, colleagues, person.id)
        return work, counts, rows


async def _nothing() -> ListWorkResponse:
    return ListWorkResponse()


def _wanted(visit: Visit) -> _Wanted:
    ids = [each for each in visit.query("patients").split(",") if _is_id(each)]
    return _Wanted(known(visit.query("filter")), visit.query("page"), ids[:_MOST_FOUND])


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
