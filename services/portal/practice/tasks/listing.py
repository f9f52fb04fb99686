"""The practice's tasks as one list, the one that has waited longest first."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from praxispost.messaging.v1.work_pb2 import GetTaskCountsRequest, ListTasksRequest, Task
from services.portal.people import Person
from services.portal.practice.names import Names, PatientName
from services.portal.practice.tasks.kinds import KINDS, UNKNOWN, Kind
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit

_PATH: Final = "/practice/tasks"
_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class _Line:
    task: Task
    kind: Kind
    patient: PatientName


class Tasks:
    """The list."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services
        self._names = Names(tools.services)

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(_PATH, self.show),
            routing.staff(f"{_PATH}/list", self.part),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """A page of it."""
        known = await self._known(visit, person)
        return visit.page("practice/tasks/page.html", status=200, person=person, **known)

    async def part(self, visit: Visit, person: Person) -> Response:
        """The same again, for a page that is open."""
        return visit.page("practice/tasks/list.html", status=200, **await self._known(visit, person))

    async def _known(self, visit: Visit, person: Person) -> Mapping[str, object]:
        after = visit.query("after")
        found, counts = await asyncio.gather(
            person.ask(self._services.work.ListTasks, ListTasksRequest(page_size=_PAGE, page_token=after)),
            person.ask(self._services.work.GetTaskCounts, GetTaskCountsRequest()),
        )
        names = await self._names.patients(person, visit.words, [each.patient_id for each in found.tasks])
        return {
            "badge": sum(each.count for each in counts.counts),
            "counts": [(KINDS.get(each.kind, UNKNOWN), each.count) for each in counts.counts],
            "lines": [
                _Line(each, KINDS.get(each.kind, UNKNOWN), names[each.patient_id]) for each in found.tasks
            ],
            "after": after,
            "more": found.next_page_token,
        }
