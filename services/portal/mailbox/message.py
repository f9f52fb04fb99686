"""One message: closed until the person opens it, then with its text, and answered where that is allowed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.messaging.v1.messaging_pb2 import ListMailboxRequest, SendReplyRequest
from services.portal.documents.attached import Attached, attached
from services.portal.mailbox.entries import path_of
from services.portal.mailbox.opening import Opening
from services.portal.notices import Notice, done, problem
from services.portal.people import Person
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import mark

_PATH: Final = "/mailbox/messages/{practice_id}/{message_id}"
_GONE: Final = frozenset({"MESSAGE_NOT_FOUND", "INVALID_FIELD"})
_SENT: Final = mark("Ihre Antwort ist bei der Praxis.")
_NOT_SENT: Final = mark("Ihre Antwort wurde nicht gesendet.")
_REFUSED: Final[Mapping[str, str]] = {
    "REPLY_NOT_ALLOWED": _NOT_SENT,
    "REPLY_PERIOD_OVER": mark("Ihre Antwort wurde nicht gesendet: Die Zeit dafür ist vorbei."),
    "REPLIES_CLOSED": mark(
        "Ihre Antwort wurde nicht gesendet: Die Praxis nimmt hier keine Antworten mehr an."
    ),
    "MESSAGE_WITHDRAWN": mark(
        "Ihre Antwort wurde nicht gesendet: Die Praxis hat die Nachricht zurückgezogen."
    ),
    "ATTACHMENT_NOT_FOUND": mark(
        "Ihre Antwort wurde nicht gesendet: Ein Anhang ist nicht mehr da. Bitte fügen Sie ihn noch einmal an."
    ),
    "REQUEST_ID_REUSED": mark(
        "Eine frühere Fassung Ihrer Antwort ist schon bei der Praxis. "
        "Senden Sie diese nur, wenn die Praxis sie auch bekommen soll."
    ),
    "INVALID_FIELD": _NOT_SENT,
}
_WRONG: Final[Mapping[str, str]] = {
    "body": mark("Bitte schreiben Sie 1 bis 20.000 Zeichen."),
    "attachment_ids": mark("Bitte fügen Sie höchstens 10 Anhänge an."),
}


@dataclass(frozen=True, slots=True)
class Where:
    """The message that an address names."""

    practice_id: str
    message_id: str

    @property
    def path(self) -> str:
        """The address."""
        return path_of(self.practice_id, self.message_id)


@dataclass(frozen=True, slots=True)
class Typed:
    """An answer that is not sent yet, with what is wrong about it."""

    request_id: str
    body: str = ""
    attachments: Sequence[Attached] = ()
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_something(self) -> bool:
        """Whether there is anything that could be lost."""
        return bool(self.body.strip() or self.attachments)


class MessagePage:
    """The page of a message. Only a person's POST opens it: an address alone shows nothing."""

    def __init__(self, tools: Tools) -> None:
        self._messaging = tools.services.messaging
        self._opening = Opening(tools.services)
        self._new_id = tools.new_id
        self._typing_keys = tools.typing_keys

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.account(_PATH, self.closed),
            routing.account(_PATH, self.open, methods=["POST"]),
            routing.account(f"{_PATH}/answers", self.answer, methods=["POST"]),
            routing.account(f"{_PATH}/answers/{{answer_id}}/state", self.state),
        ]

    async def closed(self, visit: Visit, person: Person) -> Response:
        """The same for every address, whatever is there."""
        notice = done(visit.words.say(_SENT)) if visit.query("sent") else None
        return visit.page("mailbox/message.html", where=_where(visit), part="closed", notice=notice)

    async def open(self, visit: Visit, person: Person) -> Response:
        """The text, which has been read now."""
        return await self._shown(visit, person, Typed(str(self._new_id())))

    async def answer(self, visit: Visit, person: Person) -> Response:
        """Send what was typed."""
        request = SendReplyRequest(
            request_id=visit.form.line("request_id"),
            practice_id=visit.argument("practice_id"),
            in_reply_to=visit.argument("message_id"),
            body=visit.form.text("body").strip(),
            attachment_ids=[each.id for each in attached(visit.form)],
        )
        try:
            await person.ask(self._messaging.SendReply, request)
        except Refusal as refusal:
            return await self._not_sent(visit, person, refusal)
        if not visit.by_script:
            return go_to(f"{_where(visit).path}?sent=1")
        return await self._shown(visit, person, Typed(str(self._new_id())), done(visit.words.say(_SENT)))

    async def state(self, visit: Visit, person: Person) -> Response:
        """Whether the practice has opened an answer, for the page's script."""
        request = ListMailboxRequest(page_size=200, in_reply_to=visit.argument("message_id"))
        listed = (await person.ask(self._messaging.ListMailbox, request)).messages
        found = next((each for each in listed if each.id == visit.argument("answer_id")), None)
        if found is None:
            return Response(status_code=404)
        return visit.page("mailbox/parts/state.html", answer=found)

    async def _not_sent(self, visit: Visit, person: Person, refusal: Refusal) -> Response:
        body, request_id = visit.form.text("body"), visit.form.line("request_id")
        if refusal.reason == "MESSAGE_NOT_FOUND":
            return _gone(visit, body)
        if refusal.reason not in _REFUSED:
            raise refusal
        names = {each.field.split("[")[0] for each in refusal.fields}
        errors = {name: visit.words.say(text) for name, text in _WRONG.items() if name in names}
        if refusal.reason == "REQUEST_ID_REUSED" or "request_id" in names:
            request_id = str(self._new_id())
        notice = problem(visit.words.say(_REFUSED[refusal.reason]))
        typed = Typed(request_id, body, attached(visit.form), errors)
        return await self._shown(visit, person, typed, notice)

    async def _shown(
        self, visit: Visit, person: Person, typed: Typed, notice: Notice | None = None
    ) -> Response:
        try:
            found = await self._opening.open(visit, person)
        except Refusal as refusal:
            if refusal.reason not in _GONE:
                raise
            return _gone(visit, typed.body)
        return visit.page(
            "mailbox/parts/message.html" if visit.by_script else "mailbox/message.html",
            status=409 if notice is not None and notice.kind == "bad" else 200,
            where=_where(visit),
            part="opened",
            found=found,
            opened=found.opened,
            typed=typed,
            typing_key=self._typing_keys.of(person.id),
            said=notice,
        )


def _gone(visit: Visit, body: str) -> Response:
    """There is no such message, it is not for this person, or not any more: all look the same."""
    template = "mailbox/parts/message.html" if visit.by_script else "mailbox/message.html"
    return visit.page(template, status=404, where=_where(visit), part="gone", body=body)


def _where(visit: Visit) -> Where:
    return Where(visit.argument("practice_id"), visit.argument("message_id"))
