"""The page of one message: what happened to it, and what can still be done with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.messaging.v1.messaging_pb2 import (
    Direction,
    GetReceiptRequest,
    GetReceiptResponse,
    MessageSummary,
    ReceiptState,
)
from services.portal.notices import Notice, problem
from services.portal.people import Person
from services.portal.practice.conversation.bubbles import bubble_of
from services.portal.practice.conversation.page import PATH
from services.portal.practice.conversation.reading import Known, Reading
from services.portal.purposes import WITHDRAWAL_REASONS
from services.portal.receipt_history import history
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import mark

MESSAGE_PATH: Final = f"{PATH}/messages/{{message_id}}"
_UNREAD: Final = (
    ReceiptState.RECEIPT_STATE_QUEUED,
    ReceiptState.RECEIPT_STATE_SENT,
    ReceiptState.RECEIPT_STATE_RECEIVED,
    ReceiptState.RECEIPT_STATE_FAILED,
)
_REFUSED: Final[Mapping[str, str]] = {
    "MESSAGE_NOT_HELD": mark("Über diese Nachricht ist schon entschieden."),
    "SECOND_PERSON_NEEDED": mark(
        "Wer eine Nachricht geschrieben hat, gibt sie nicht selbst frei. Bitten Sie jemanden aus der Praxis."
    ),
    "STEP_UP_REFUSED": mark("Das Passwort stimmt nicht. Es ist nichts geschehen."),
    "TOO_MANY_ATTEMPTS": mark("Zu viele Versuche. Bitte warten Sie ein paar Minuten."),
    "CONTACT_MISSING": mark(
        "In der Karteikarte fehlt die E-Mail-Adresse oder die Handynummer. Ergänzen Sie sie dort zuerst."
    ),
    "CONTACT_CONFLICT": mark(
        "Die Kontaktdaten stehen noch in einer anderen Karteikarte. Legen Sie dort zuerst fest, wer liest."
    ),
    "PATIENT_OBJECTED": mark(
        "Die Patient:in möchte keine elektronischen Nachrichten. Bitte anrufen oder schreiben."
    ),
    "PATIENT_DECEASED": mark("Die Patient:in ist als verstorben vermerkt; Hinweise gehen nicht mehr hinaus."),
    "PATIENT_ARCHIVED": mark(
        "Die Karteikarte wurde mit einer anderen zusammengeführt. Nehmen Sie die andere."
    ),
    "PROMPT_NOT_NEEDED": mark(
        "Ein Hinweis ist nicht nötig: Die Nachricht wurde inzwischen gelesen oder zurückgezogen."
    ),
    "MESSAGE_HELD": mark("Die Nachricht ist angehalten und noch nicht gesendet: Lehnen Sie sie ab."),
    "REPLY_NOT_ALLOWED": mark("Auf diese Nachricht konnte nie geantwortet werden."),
    "NOT_WITHDRAWN": mark("Nur was zurückgezogen ist, kann gelöscht werden."),
    "REQUEST_ID_REUSED": mark("Diese Seite ist zu alt. Laden Sie sie neu und versuchen Sie es noch einmal."),
}


@dataclass(frozen=True, slots=True)
class _Possible:
    """What can be done with a message in its state, by this person."""

    confirm: bool
    confirm_alone: bool
    reject: bool
    prompt: bool
    close: bool
    withdraw: bool
    erase: bool
    erase_by_admin: bool


class MessagePage:
    """Shows it; what is done is done elsewhere and comes back here where it was refused."""

    def __init__(self, tools: Tools, reading: Reading) -> None:
        self._services = tools.services
        self._new_id = tools.new_id
        self._reading = reading

    def routes(self, routing: Routing) -> list[Route]:
        """Its path."""
        return [routing.staff(MESSAGE_PATH, self.show)]

    async def show(self, visit: Visit, person: Person) -> Response:
        """What happened, and what is possible."""
        return await self.page(visit, person, None)

    async def page(self, visit: Visit, person: Person, notice: Notice | None) -> Response:
        """The same, with what was typed and why it was not done."""
        known = await self._reading.known(visit, person)
        message, facts = await self._message(visit, person, known)
        return visit.page(
            "practice/conversation/message.html",
            status=409 if notice is not None else 200,
            person=person,
            notice=notice,
            known=known,
            message=bubble_of(visit.words, visit.now, message, None, known.colleagues),
            events=history(visit.words, facts.facts),
            facts=facts,
            possible=_possible(message, person, known),
            reasons=WITHDRAWAL_REASONS.options(visit.words),
            typed=visit.form.fields(),
            request_id=visit.form.line("request_id") or str(self._new_id()),
        )

    async def refused(self, visit: Visit, person: Person, refusal: Refusal, invalid: str) -> Response:
        """The page again, with words for a refusal; `invalid` is said where what was typed cannot be
        taken."""
        if refusal.reason in ("MESSAGE_NOT_FOUND", "CONVERSATION_NOT_FOUND"):
            raise HTTPException(404) from refusal
        text = invalid if refusal.reason == "INVALID_FIELD" else _REFUSED.get(refusal.reason, "")
        if not text:
            raise refusal
        return await self.page(visit, person, problem(visit.words.say(text)))

    def done(self, visit: Visit, key: str) -> Response:
        """Back to the conversation, which says what was done."""
        path = PATH.format(conversation_id=visit.argument("conversation_id"))
        return go_to(f"{path}?said={key}")

    async def _message(
        self, visit: Visit, person: Person, known: Known
    ) -> tuple[MessageSummary, GetReceiptResponse]:
        message_id = visit.argument("message_id")
        message = await self._reading.summary(person, known.conversation.patient_id, message_id)
        if message is None:
            raise HTTPException(404)
        request = GetReceiptRequest(message_id=message_id)
        return message, await person.ask(self._services.messaging.GetReceipt, request)


def _possible(message: MessageSummary, person: Person, known: Known) -> _Possible:
    state, is_withdrawn = message.receipt.state, message.HasField("withdrawn_at")
    is_ours = message.direction == Direction.DIRECTION_TO_PATIENT
    is_held = state == ReceiptState.RECEIPT_STATE_HELD
    is_own = message.author_id == person.id
    is_alone = len(known.colleagues.at_work) == 1
    was_sent = not is_held and state != ReceiptState.RECEIPT_STATE_REJECTED
    is_erasable = is_withdrawn and not message.HasField("erased_at")
    return _Possible(
        confirm=is_held and not is_own,
        confirm_alone=is_held and is_own and is_alone,
        reject=is_held,
        prompt=is_ours and state in _UNREAD and not is_withdrawn,
        close=is_ours and was_sent and message.reply_allowed,
        withdraw=was_sent and not is_withdrawn,
        erase=is_erasable and person.role == "admin",
        erase_by_admin=is_erasable and person.role != "admin",
    )
