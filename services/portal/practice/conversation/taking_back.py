"""What staff do with a message that was sent: withdraw, close, erase, and prompt again."""

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.grpc_client import AioRpcError, refusal_of
from chassis.refusal import Refusal
from praxispost.identity.v1.step_up_pb2 import StepUpPurpose, StepUpRequest
from praxispost.messaging.v1.guard_pb2 import PromptAgainRequest
from praxispost.messaging.v1.withdrawals_pb2 import (
    CloseForRepliesRequest,
    EraseContentRequest,
    WithdrawMessageRequest,
)
from services.portal.notices import problem
from services.portal.people import Person
from services.portal.practice.conversation.message import MESSAGE_PATH, MessagePage
from services.portal.purposes import WITHDRAWAL_REASONS
from services.portal.routing import ADMIN, Routing
from services.portal.tools import Tools
from services.portal.visits import Visit
from services.portal.words import mark

_REASON_MISSING: Final = mark("Bitte wählen Sie, warum Sie die Nachricht zurückziehen.")
_PASSWORD_MISSING: Final = mark("Bitte geben Sie Ihr Passwort ein.")
_TOO_OLD: Final = mark("Diese Seite ist zu alt. Laden Sie sie neu und versuchen Sie es noch einmal.")
_ATTACHMENTS_NOT_TOLD: Final = mark(
    "Die Nachricht ist zurückgezogen. Schon geöffnete Anhänge lassen sich noch eine Minute lang laden."
)


class TakingBack:
    """The forms of the message's page."""

    def __init__(self, tools: Tools, page: MessagePage) -> None:
        self._services = tools.services
        self._page = page

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(f"{MESSAGE_PATH}/withdraw", self.withdraw, methods=["POST"]),
            routing.staff(f"{MESSAGE_PATH}/close", self.close, methods=["POST"]),
            routing.staff(f"{MESSAGE_PATH}/erase", self.erase, methods=["POST"], roles=ADMIN),
            routing.staff(f"{MESSAGE_PATH}/prompt", self.prompt, methods=["POST"]),
        ]

    async def withdraw(self, visit: Visit, person: Person) -> Response:
        """Block the content for the patient's side."""
        reason = WITHDRAWAL_REASONS.value(visit.form.line("reason"))
        request = WithdrawMessageRequest(message_id=visit.argument("message_id"), withdrawal_reason=reason)
        try:
            await person.ask(self._services.withdrawals.WithdrawMessage, request)
        except Refusal as refusal:
            return await self._page.refused(visit, person, refusal, _REASON_MISSING)
        except AioRpcError as error:
            known = refusal_of(error)
            if known is None or known.reason != "DEPENDENCY_UNAVAILABLE":
                raise
            return await self._page.page(visit, person, problem(visit.words.say(_ATTACHMENTS_NOT_TOLD)))
        return self._page.done(visit, "withdrawn")

    async def close(self, visit: Visit, person: Person) -> Response:
        """End the permission to answer."""
        request = CloseForRepliesRequest(message_id=visit.argument("message_id"))
        try:
            await person.ask(self._services.withdrawals.CloseForReplies, request)
        except Refusal as refusal:
            return await self._page.refused(visit, person, refusal, _TOO_OLD)
        return self._page.done(visit, "closed")

    async def erase(self, visit: Visit, person: Person) -> Response:
        """Destroy the content, once the admin has proved who they are."""
        message_id = visit.argument("message_id")
        step = StepUpRequest(
            password=visit.form.text("password"),
            purpose=StepUpPurpose.STEP_UP_PURPOSE_ERASE_CONTENT,
            object_id=message_id,
        )
        try:
            proof = await person.ask(self._services.step_up.StepUp, step)
            request = EraseContentRequest(message_id=message_id, step_up=proof.statement)
            await person.ask(self._services.withdrawals.EraseContent, request)
        except Refusal as refusal:
            return await self._page.refused(visit, person, refusal, _PASSWORD_MISSING)
        return self._page.done(visit, "erased")

    async def prompt(self, visit: Visit, person: Person) -> Response:
        """Tell the patient once more that a message waits."""
        request = PromptAgainRequest(
            request_id=visit.form.line("request_id"), message_id=visit.argument("message_id")
        )
        try:
            await person.ask(self._services.guard.PromptAgain, request)
        except Refusal as refusal:
            return await self._page.refused(visit, person, refusal, _TOO_OLD)
        return self._page.done(visit, "prompted")
