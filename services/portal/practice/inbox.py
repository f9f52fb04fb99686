"""The inbox: all conversations of the practice, and what of them needs somebody."""

import asyncio

from starlette.responses import Response
from starlette.routing import Route

from praxispost.identity.v1.patients_pb2 import BatchGetPatientsRequest
from praxispost.messaging.v1.work_pb2 import GetTaskCountsRequest, ListWorkRequest, WorkFilter
from services.portal.people import Person
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit


class Inbox:
    """The list of conversations."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [routing.staff("/practice/inbox", self.show)]

    async def show(self, visit: Visit, person: Person) -> Response:
        """The first page of conversations."""
        work, counts = await asyncio.gather(
            person.ask(self._services.work.ListWork, ListWorkRequest(filter=WorkFilter.WORK_FILTER_OPEN)),
            person.ask(self._services.work.GetTaskCounts, GetTaskCountsRequest()),
        )
        ids = [each.patient_id for each in work.conversations]
        found = await person.ask(
            self._services.patients.BatchGetPatients, BatchGetPatientsRequest(patient_ids=ids)
        )
        return visit.page(
            "practice/inbox.html",
            person=person,
            badge=sum(each.count for each in counts.counts),
            conversations=work.conversations,
            patients={patient.id: patient for patient in found.patients},
        )
