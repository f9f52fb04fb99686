"""All messages between the practice and one patient, as lines of the card."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from praxispost.messaging.v1.messaging_pb2 import Direction, ListMessagesRequest, MessageSummary
from services.portal.people import Person
from services.portal.practice.names import Colleagues, Names
from services.portal.purposes import PURPOSES
from services.portal.receipts import Tick, tick_of
from services.portal.services import Services
from services.portal.visits import Visit

_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One message; `author` is empty where the patient's side wrote it."""

    message: MessageSummary
    heading: str
    purpose: str
    author: str
    tick: Tick


@dataclass(frozen=True, slots=True)
class History:
    """A page of it, newest first; `after` is where this page begins, `more` where the next one does."""

    lines: Sequence[Line]
    after: str
    more: str


class Histories:
    """Reads it from messaging."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._names = Names(services)

    async def of(self, visit: Visit, person: Person, patient_id: str, after: str) -> History:
        """One page."""
        request = ListMessagesRequest(patient_id=patient_id, page_size=_PAGE, page_token=after)
        found, colleagues = await asyncio.gather(
            person.ask(self._services.messaging.ListMessages, request),
            self._names.colleagues(person, visit.words),
        )
        lines = [_line(visit, each, colleagues) for each in found.messages]
        return History(lines, after, found.next_page_token)


def _line(visit: Visit, message: MessageSummary, colleagues: Colleagues) -> Line:
    return Line(
        message,
        _heading(visit, message),
        PURPOSES.name(visit.words, message.purpose),
        colleagues.author(message),
        tick_of(visit.words, message, visit.now),
    )


def _heading(visit: Visit, message: MessageSummary) -> str:
    if message.HasField("erased_at"):
        return visit.words.say("Inhalt gelöscht")
    if message.direction == Direction.DIRECTION_TO_PATIENT:
        return message.subject
    if message.in_reply_to_subject:
        return visit.words.say("Antwort auf: %(subject)s", subject=message.in_reply_to_subject)
    return visit.words.say("Antwort")
