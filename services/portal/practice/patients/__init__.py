"""The practice's patients: finding them, their records, who reads for them, and who cannot get in."""

from starlette.routing import Route

from services.portal.practice.patients.card import Card
from services.portal.practice.patients.directory import Directory
from services.portal.practice.patients.edited_record import EditedRecord
from services.portal.practice.patients.new_record import NewRecord
from services.portal.routing import Routing
from services.portal.tools import Tools


def patients_routes(routing: Routing, tools: Tools) -> list[Route]:
    """All pages about patients; `new` is no patient's id, so it comes before those."""
    return [
        *Directory(tools).routes(routing),
        *NewRecord(tools).routes(routing),
        *Card(tools).routes(routing),
        *EditedRecord(tools).routes(routing),
    ]
