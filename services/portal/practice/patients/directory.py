"""The practice's patients: all of them, and the search by name and birth date."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.patients_pb2 import ListPatientsRequest, Patient, SearchPatientsRequest
from services.portal.people import Person
from services.portal.practice.patients.searching import searchable
from services.portal.practice.patients.standing import pills
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit

_PATH: Final = "/practice/patients"
_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class _Found:
    """A page of records; `understood` is false where nothing of what was typed can be looked for."""

    patients: Sequence[Patient] = ()
    more: str = ""
    understood: bool = True


class Directory:
    """The list. What is searched for goes by POST: a name is no part of an address."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(_PATH, self.show),
            routing.staff(_PATH, self.search, methods=["POST"]),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """All records, a page at a time."""
        return self._page(visit, person, "", await self._all(person, visit.query("after")))

    async def search(self, visit: Visit, person: Person) -> Response:
        """Those that were looked for; only the list itself where the page's script asks."""
        typed = visit.form.line("query")
        after = visit.form.line("after")
        found = await (self._searched(person, typed, after) if typed else self._all(person, after))
        return self._page(visit, person, typed, found)

    async def _all(self, person: Person, after: str) -> _Found:
        request = ListPatientsRequest(page_size=_PAGE, page_token=after)
        answer = await person.ask(self._services.patients.ListPatients, request)
        return _Found(answer.patients, answer.next_page_token)

    async def _searched(self, person: Person, typed: str, after: str) -> _Found:
        query = searchable(typed)
        if not query:
            return _Found(understood=False)
        request = SearchPatientsRequest(query=query, page_size=_PAGE, page_token=after)
        try:
            answer = await person.ask(self._services.patients.SearchPatients, request)
        except Refusal as refusal:
            if refusal.reason != "INVALID_FIELD":
                raise
            return _Found(understood=False)
        return _Found(answer.patients, answer.next_page_token)

    def _page(self, visit: Visit, person: Person, typed: str, found: _Found) -> Response:
        template = "parts/found.html" if visit.by_script else "directory.html"
        return visit.page(
            f"practice/patients/{template}",
            person=person,
            typed=typed,
            found=found,
            pills=pills,
            after=visit.query("after") or visit.form.line("after"),
        )
