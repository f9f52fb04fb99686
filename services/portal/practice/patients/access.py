"""The page for a patient who cannot get in: what became of the prompts, what is in the way, what helps."""

import asyncio
from collections.abc import Mapping
from typing import Final, TypeVar

from google.protobuf.message import Message
from grpc import aio
from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.access_pb2 import (
    ConfirmAddressRequest,
    GetAccessRequest,
    ReleaseBirthDateRequest,
    SettleAccessRequest,
)
from praxispost.identity.v1.patients_pb2 import GetPatientRequest
from praxispost.messaging.v1.guard_pb2 import PromptAgainRequest
from praxispost.messaging.v1.messaging_pb2 import ListMessagesRequest
from praxispost.notifier.v1.prompts_pb2 import ListPromptsRequest
from services.portal.notices import Notice, done, problem
from services.portal.people import Person
from services.portal.practice.patients.attempts import attempt_of
from services.portal.practice.patients.prompts import prompt_lines, to_announce
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import mark

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)

_PATH: Final = "/practice/patients/{patient_id}/access"
_PROMPTS: Final = 20
_MESSAGES: Final = 100
_DONE: Final[Mapping[str, str]] = {
    "address": mark("Die Adresse gilt wieder. Neue Hinweis-E-Mails gehen dorthin."),
    "birth-date": mark("Freigegeben: Das Geburtsdatum kann noch dreimal angegeben werden."),
    "settled": mark("Erledigt. Ein neuer Versuch meldet sich wieder."),
    "prompt": mark("Die Hinweis-E-Mail wird noch einmal gesandt."),
}
_REFUSED: Final[Mapping[str, str]] = {
    "CONTACT_MISSING": mark(
        "E-Mail-Adresse oder Handynummer fehlen in der Karteikarte. Ergänzen Sie sie zuerst."
    ),
    "CONTACT_CONFLICT": mark("Zuerst ist zu klären, wer liest."),
    "PATIENT_OBJECTED": mark("Die Patient:in möchte keine elektronischen Nachrichten."),
    "PATIENT_DECEASED": mark("Die Patient:in ist als verstorben vermerkt."),
    "PATIENT_ARCHIVED": mark("Diese Karteikarte ist in einer anderen aufgegangen."),
    "PROMPT_NOT_NEEDED": mark(
        "Die Nachricht ist inzwischen gelesen oder zurückgezogen: Es braucht keinen Hinweis mehr."
    ),
    "MESSAGE_NOT_FOUND": mark("Diese Nachricht gibt es nicht mehr."),
    "REQUEST_ID_REUSED": mark("Das war schon geschehen. Bitte sehen Sie nach, wie es steht."),
}


class Access:
    """The page and what one can do on it."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services
        self._new_id = tools.new_id

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(_PATH, self.show),
            routing.staff(f"{_PATH}/now", self.now),
            routing.staff(f"{_PATH}/address", self.confirm_address, methods=["POST"]),
            routing.staff(f"{_PATH}/birth-date", self.release_birth_date, methods=["POST"]),
            routing.staff(f"{_PATH}/settle", self.settle, methods=["POST"]),
            routing.staff(f"{_PATH}/prompt", self.prompt_again, methods=["POST"]),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """How it stands."""
        text = _DONE.get(visit.query("done"))
        return await self._page(visit, person, done(visit.words.say(text)) if text else None)

    async def now(self, visit: Visit, person: Person) -> Response:
        """The same, for the open page."""
        known = await self._known(visit, person)
        return visit.page("practice/patients/parts/access.html", status=200, **known)

    async def confirm_address(self, visit: Visit, person: Person) -> Response:
        """The address is right."""
        request = ConfirmAddressRequest(patient_id=visit.argument("patient_id"))
        return await self._do(visit, person, self._services.access.ConfirmAddress, request, "address")

    async def release_birth_date(self, visit: Visit, person: Person) -> Response:
        """The person was identified, and may try again."""
        request = ReleaseBirthDateRequest(patient_id=visit.argument("patient_id"))
        return await self._do(visit, person, self._services.access.ReleaseBirthDate, request, "birth-date")

    async def settle(self, visit: Visit, person: Person) -> Response:
        """The practice has helped otherwise."""
        request = SettleAccessRequest(patient_id=visit.argument("patient_id"))
        return await self._do(visit, person, self._services.access.SettleAccess, request, "settled")

    async def prompt_again(self, visit: Visit, person: Person) -> Response:
        """One more prompt."""
        request = PromptAgainRequest(
            request_id=visit.form.line("request_id"), message_id=visit.form.line("message_id")
        )
        return await self._do(visit, person, self._services.guard.PromptAgain, request, "prompt")

    async def _do(
        self,
        visit: Visit,
        person: Person,
        method: "aio.UnaryUnaryMultiCallable[Q, R]",
        request: Q,
        became: str,
    ) -> Response:
        try:
            await person.ask(method, request)
        except Refusal as refusal:
            text = _REFUSED.get(refusal.reason)
            if text is None:
                raise
            return await self._page(visit, person, problem(visit.words.say(text)))
        return go_to(f"/practice/patients/{visit.argument('patient_id')}/access?done={became}")

    async def _page(self, visit: Visit, person: Person, notice: Notice | None) -> Response:
        known = await self._known(visit, person)
        status = 409 if notice is not None and notice.kind == "bad" else 200
        return visit.page(
            "practice/patients/access.html", status=status, person=person, notice=notice, **known
        )

    async def _known(self, visit: Visit, person: Person) -> Mapping[str, object]:
        patient_id, before = visit.argument("patient_id"), visit.query("before")
        patient, access, prompts, messages = await asyncio.gather(
            person.ask(self._services.patients.GetPatient, GetPatientRequest(patient_id=patient_id)),
            person.ask(self._services.access.GetAccess, GetAccessRequest(patient_id=patient_id)),
            person.ask(
                self._services.prompts.ListPrompts,
                ListPromptsRequest(patient_id=patient_id, page_size=_PROMPTS, page_token=before),
            ),
            person.ask(
                self._services.messaging.ListMessages,
                ListMessagesRequest(patient_id=patient_id, page_size=_MESSAGES),
            ),
        )
        return {
            "patient": patient.patient,
            "access": access,
            "attempts": [attempt_of(visit.words, each) for each in access.attempts],
            "prompts": prompt_lines(visit.words, prompts.prompts),
            "older": prompts.next_page_token,
            "before": before,
            "unread": to_announce(messages.messages),
            "request_id": str(self._new_id()),
        }
