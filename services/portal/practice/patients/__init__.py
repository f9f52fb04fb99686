"""The practice's patients: finding them, their records, who reads for them, and who cannot get in."""

from starlette.routing import Route

from services.portal.practice.patients.access import Access
from services.portal.practice.patients.card import Card
from services.portal.practice.patients.directory import Directory
from services.portal.practice.patients.edited_record import EditedRecord
from services.portal.practice.patients.import_difference import ImportDifference
from services.portal.practice.patients.new_record import NewRecord
from services.portal.practice.patients.readers import Readers
from services.portal.practice.patients.same_person import SameRecords
from services.portal.routing import Routing
from services.portal.tools import Tools


def patients_routes(routing: Routing, tools: Tools) -> list[Route]:
    """All pages about patients; `new` is no patient's id, so it comes before those."""
    return [
        *Directory(tools).routes(routing),
        *NewRecord(tools).routes(routing),
        *Card(tools).routes(routing),
        *EditedRecord(tools).routes(routing),
        *Access(tools).routes(routing),
        *Readers(tools).routes(routing),
        *SameRecords(tools).routes(routing),
        *ImportDifference(tools).routes(routing),
    ]
