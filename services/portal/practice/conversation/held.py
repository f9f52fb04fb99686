"""A message that is held because its text went to many: a second person releases or rejects it."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.step_up_pb2 import StepUpPurpose, StepUpRequest
from praxispost.messaging.v1.guard_pb2 import ConfirmHeldRequest, RejectHeldRequest
from services.portal.people import Person
from services.portal.practice.conversation.message import MESSAGE_PATH, MessagePage
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit
from services.portal.words import mark

_INVALID: Final = mark(
    "Bitte begründen Sie mit höchstens 500 Zeichen; wer allein arbeitet, gibt auch das Passwort ein."
)


class HeldMessages:
    """The decision."""

    def __init__(self, tools: Tools, page: MessagePage) -> None:
        self._services = tools.services
        self._page = page

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(f"{MESSAGE_PATH}/confirm", self.confirm, methods=["POST"]),
            routing.staff(f"{MESSAGE_PATH}/reject", self.reject, methods=["POST"]),
        ]

    async def confirm(self, visit: Visit, person: Person) -> Response:
        """Release it, and all with the same words."""
        request = ConfirmHeldRequest(
            request_id=visit.form.line("request_id"),
            message_id=visit.argument("message_id"),
            reason=visit.form.line("reason"),
        )
        try:
            if visit.form.has("password"):
                request.step_up = await self._proof(visit, person)
            await person.ask(self._services.guard.ConfirmHeld, request)
        except Refusal as refusal:
            return await self._page.refused(visit, person, refusal, _INVALID)
        return self._page.done(visit, "confirmed")

    async def reject(self, visit: Visit, person: Person) -> Response:
        """Decide that it is not sent."""
        request = RejectHeldRequest(
            request_id=visit.form.line("request_id"),
            message_id=visit.argument("message_id"),
            reason=visit.form.line("reason"),
        )
        try:
            await person.ask(self._services.guard.RejectHeld, request)
        except Refusal as refusal:
            return await self._page.refused(visit, person, refusal, _INVALID)
        return self._page.done(visit, "rejected")

    async def _proof(self, visit: Visit, person: Person) -> str:
        step = StepUpRequest(
            password=visit.form.text("password"),
            purpose=StepUpPurpose.STEP_UP_PURPOSE_RELEASE_HELD,
            object_id=visit.argument("message_id"),
        )
        return (await person.ask(self._services.step_up.StepUp, step)).statement
