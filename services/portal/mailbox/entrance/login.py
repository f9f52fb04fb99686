"""How a person with an account comes in, with e-mail, password and a code by SMS, and goes out."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.sessions_pb2 import EndSessionRequest, FinishLoginRequest, StartLoginRequest
from services.portal import cookies
from services.portal.mailbox.entrance.beginnings import HOME, Beginnings
from services.portal.mailbox.gate import Gate
from services.portal.mailbox.trouble import FIELDS, Trouble, at, refused
from services.portal.mailbox.typed import code_as_typed
from services.portal.notices import Notice, done
from services.portal.people import Person, answered
from services.portal.routing import Routing, own_path
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import mark

_PATH: Final = "/login"
_CODE_PATH: Final = "/login/code"
# As long as the code by SMS is good.
_KEPT_SECONDS: Final = 10 * 60
_START: Final[Mapping[str, str]] = {
    "TOO_MANY_CODES": mark("Mit diesen Angaben gingen schon mehrere Codes hinaus. Ein neuer geht %(wait)s."),
}
_FINISH: Final[Mapping[str, str]] = {
    "LOGIN_REFUSED": mark(
        "Das hat nicht gestimmt: der Code, die E-Mail-Adresse oder das Passwort. Prüfen Sie den Code, oder "
        "beginnen Sie noch einmal."
    ),
}
_ENDED: Final = mark("Der Code gilt nicht mehr. Melden Sie sich bitte noch einmal an.")
_NOTICES: Final[Mapping[str, str]] = {
    "ended": mark("Sie sind abgemeldet."),
    "deleted": mark("Ihr Konto ist gelöscht."),
    "reset": mark("Ihr neues Passwort gilt. Melden Sie sich damit an."),
}


class Login:
    """The two pages of logging in; they are the same whether the account exists or not."""

    def __init__(self, tools: Tools, gate: Gate, beginnings: Beginnings) -> None:
        self._sessions = tools.services.sessions
        self._people = tools.people
        self._gate = gate
        self._beginnings = beginnings

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.everybody(_PATH, self.form),
            routing.everybody(_PATH, self.start, methods=["POST"]),
            routing.everybody(_CODE_PATH, self.code_form),
            routing.everybody(_CODE_PATH, self.finish, methods=["POST"]),
            routing.account("/logout", self.log_out, methods=["POST"]),
        ]

    async def form(self, visit: Visit) -> Response:
        """The empty form; who is logged in goes on, unless a fresh code is what they came for."""
        after, notice = visit.query("next"), _notice(visit)
        if notice is None and not visit.query("fresh") and await self._beginnings.is_open(visit):
            return go_to(own_path(after, HOME))
        return _form(visit, after, notice=notice)

    async def start(self, visit: Visit) -> Response:
        """Take e-mail and password, and send the code."""
        after = visit.form.line("next")
        trouble = self._gate.asks(visit)
        if trouble is not None:
            return _form(visit, after, trouble)
        request = StartLoginRequest(email=visit.form.line("email"), password=visit.form.text("password"))
        try:
            started = await answered(self._sessions.StartLogin(request))
        except Refusal as refusal:
            return _form(visit, after, refused(visit.words, refusal, _START))
        response = go_to(_with_next(_CODE_PATH, after))
        cookies.keep(response, cookies.LOGIN, started.login, seconds=_KEPT_SECONDS)
        return response

    async def code_form(self, visit: Visit) -> Response:
        """The form for the code."""
        if not cookies.read(visit.request, cookies.LOGIN):
            return go_to(_with_next(_PATH, visit.query("next")))
        return _code_form(visit, visit.query("next"))

    async def finish(self, visit: Visit) -> Response:
        """Compare the code and begin the session; then on to where one wanted to go."""
        after, code = visit.form.line("next"), code_as_typed(visit.form.line("code"))
        login = cookies.read(visit.request, cookies.LOGIN)
        if not login:
            return _form(visit, after, Trouble(visit.words.say(_ENDED)))
        trouble = self._gate.tries(visit) if code else at(visit.words, "code", FIELDS["code"])
        if trouble is not None:
            return _code_form(visit, after, trouble)
        try:
            request = FinishLoginRequest(login=login, code=code)
            finished = await answered(self._sessions.FinishLogin(request))
        except Refusal as refusal:
            return _code_form(visit, after, refused(visit.words, refusal, _FINISH))
        path = own_path(after, HOME)
        response = go_to(await self._beginnings.first_page(finished.session) if path == HOME else path)
        cookies.drop(response, cookies.LOGIN)
        return await self._beginnings.begin(visit, response, finished.session)

    async def log_out(self, visit: Visit, person: Person) -> Response:
        """End the session here and at identity."""
        await person.ask(self._sessions.EndSession, EndSessionRequest(session_id=person.session_id))
        self._people.forget(cookies.read(visit.request, cookies.ACCOUNT))
        response = go_to(f"{_PATH}?ended=1")
        cookies.drop(response, cookies.ACCOUNT)
        return response


def _notice(visit: Visit) -> Notice | None:
    """What led here."""
    for name, text in _NOTICES.items():
        if visit.query(name):
            return done(visit.words.say(text))
    return None


def _form(
    visit: Visit, after: str, trouble: Trouble | None = None, *, notice: Notice | None = None
) -> Response:
    return visit.page(
        "mailbox/entrance/login.html",
        status=200 if trouble is None else trouble.status,
        notice=notice,
        trouble=trouble,
        typed=visit.form,
        next=after,
    )


def _code_form(visit: Visit, after: str, trouble: Trouble | None = None) -> Response:
    return visit.page(
        "mailbox/entrance/login_code.html",
        status=200 if trouble is None else trouble.status,
        trouble=trouble,
        typed=visit.form,
        next=after,
    )


def _with_next(path: str, after: str) -> str:
    return f"{path}?next={quote(after, safe='')}" if after else path
