"""Reads a conversation and its messages in a person's name."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.exceptions import HTTPException

from chassis.refusal import Refusal
from praxispost.messaging.v1.messaging_pb2 import (
    Conversation,
    ListMessagesRequest,
    Message,
    MessageSummary,
    OpenMessagesRequest,
)
from praxispost.messaging.v1.work_pb2 import GetConversationRequest
from services.portal.people import Person
from services.portal.practice.conversation.bubbles import Bubble, bubble_of
from services.portal.practice.names import Colleagues, Names, PatientName
from services.portal.services import Services
from services.portal.visits import Visit

PAGE: Final = 30
_LONGEST_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Known:
    """A conversation with the names of who takes part in it."""

    conversation: Conversation
    patient: PatientName
    colleagues: Colleagues


@dataclass(frozen=True, slots=True)
class Page:
    """Some of its messages, the newest last; `older` is the token of those before, empty where there are
    none."""

    bubbles: Sequence[Bubble]
    older: str


class Reading:
    """Asks messaging and identity."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._names = Names(services)

    async def known(self, visit: Visit, person: Person) -> Known:
        """The conversation that the address names; raises HTTPException where there is none for this
        person."""
        request = GetConversationRequest(conversation_id=visit.argument("conversation_id"))
        try:
            answer, colleagues = await asyncio.gather(
                person.ask(self._services.work.GetConversation, request),
                self._names.colleagues(person, visit.words),
            )
        except Refusal as refusal:
            if refusal.reason in ("CONVERSATION_NOT_FOUND", "INVALID_FIELD"):
                raise HTTPException(404) from refusal
            raise
        patient_id = answer.conversation.patient_id
        patients = await self._names.patients(person, visit.words, [patient_id])
        return Known(answer.conversation, patients[patient_id], colleagues)

    async def closed(self, visit: Visit, person: Person, known: Known, token: str) -> Page:
        """Messages without their texts: opens nothing."""
        return await self._page(visit, person, known, token, is_opening=False)

    async def opened(self, visit: Visit, person: Person, known: Known, token: str) -> Page:
        """Messages with their texts, which opens them: only on a person's own act."""
        return await self._page(visit, person, known, token, is_opening=True)

    async def texts(self, person: Person, messages: Sequence[str]) -> Mapping[str, Message]:
        """Messages with their texts, by their ids; erased ones are left out. Only on a person's own act."""
        if not messages:
            return {}
        request = OpenMessagesRequest(message_ids=messages)
        answer = await person.ask(self._services.messaging.OpenMessages, request)
        return {each.summary.id: each for each in answer.messages if not each.summary.HasField("erased_at")}

    async def summary(self, person: Person, patient_id: str, message_id: str) -> MessageSummary | None:
        """One message of the conversation without its text."""
        request = ListMessagesRequest(patient_id=patient_id, page_size=_LONGEST_PAGE)
        while True:
            answer = await person.ask(self._services.messaging.ListMessages, request)
            for each in answer.messages:
                if each.id == message_id:
                    return each
            if not answer.next_page_token:
                return None
            request.page_token = answer.next_page_token

    async def _page(
        self, visit: Visit, person: Person, known: Known, token: str, *, is_opening: bool
    ) -> Page:
        request = ListMessagesRequest(
            patient_id=known.conversation.patient_id, page_size=PAGE, page_token=token
        )
        answer = await person.ask(self._services.messaging.ListMessages, request)
        can_open = [each.id for each in answer.messages if not each.HasField("erased_at")]
        texts = await self.texts(person, can_open) if is_opening else {}
        bubbles = [
            bubble_of(visit.words, visit.now, each, texts.get(each.id), known.colleagues)
            for each in reversed(answer.messages)
        ]
        return Page(bubbles, answer.next_page_token)
