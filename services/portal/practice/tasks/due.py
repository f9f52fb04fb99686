"""What is unread and due, with the numbers to call, for the screen and for paper."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from praxispost.identity.v1.patients_pb2 import BatchGetPatientsRequest, Patient
from praxispost.messaging.v1.work_pb2 import DueMessage, ListDueRequest
from services.portal.people import Person
from services.portal.purposes import PURPOSES
from services.portal.receipts import tick_of
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit
from services.portal.words import Words

_PATH: Final = "/practice/due"
_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class _Line:
    """One message, without its subject: the list may lie on a desk. `patient` is missing where the record
    is gone."""

    due: DueMessage
    patient: Patient | None
    purpose: str
    arrived: str


class Due:
    """The list."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(_PATH, self.show),
            routing.staff(f"{_PATH}/list", self.part),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """A page of it."""
        known = await self._known(visit, person)
        return visit.page("practice/tasks/due.html", status=200, person=person, **known)

    async def part(self, visit: Visit, person: Person) -> Response:
        """The same again, for a page that is open."""
        return visit.page("practice/tasks/due_list.html", status=200, **await self._known(visit, person))

    async def _known(self, visit: Visit, person: Person) -> Mapping[str, object]:
        after = visit.query("after")
        found = await person.ask(
            self._services.work.ListDue, ListDueRequest(page_size=_PAGE, page_token=after)
        )
        ids = list(dict.fromkeys(each.message.patient_id for each in found.messages))
        records: dict[str, Patient] = {}
        if ids:
            request = BatchGetPatientsRequest(patient_ids=ids)
            answer = await person.ask(self._services.patients.BatchGetPatients, request)
            records = {each.id: each for each in answer.patients}
        return {
            "lines": [_line(visit, each, records) for each in found.messages],
            "after": after,
            "more": found.next_page_token,
        }


def _line(visit: Visit, due: DueMessage, records: Mapping[str, Patient]) -> _Line:
    words: Words = visit.words
    return _Line(
        due,
        records.get(due.message.patient_id),
        PURPOSES.name(words, due.message.purpose),
        tick_of(words, due.message, visit.now).label,
    )
