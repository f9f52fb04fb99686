"""Ties paths to handlers for everybody, for staff and for accounts; none of them can be reached without its
check."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_urlsafe
from typing import Final, TypeAlias
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.portal import cookies
from services.portal.form_tokens import FormTokens
from services.portal.frames import sentence_in_frame
from services.portal.pages import Pages
from services.portal.people import People, Person, SessionEnded
from services.portal.requests_seen import ROUTE
from services.portal.visits import FORM_TYPE, Form, Visit, go_to, read_form
from services.portal.words import LANGUAGES, Language, Words, mark, preferred

ForEverybody: TypeAlias = Callable[[Visit], Awaitable[Response]]
ForPerson: TypeAlias = Callable[[Visit, Person], Awaitable[Response]]

STAFF: Final = frozenset({"admin", "physician", "assistant"})
ADMIN: Final = frozenset({"admin"})
_ACCOUNT: Final = frozenset({"account"})
# What the pages' scripts send with requests of theirs: the form token; and whether nobody but the script
# asked.
TOKEN_HEADER: Final = "X-Form-Token"
BACKGROUND_HEADER: Final = "X-Background"
_TOKEN_FIELD: Final = "form_token"
_IN_FRAME: Final = mark("Das geht gerade nicht. Schließen Sie dies, und versuchen Sie es noch einmal.")
# The fields of a form that was sent when the session had ended, on their way through the login.
KEPT: Final = "kept:"
KEPT_PATH: Final = "kept_path"
# They come back to nobody's page: whoever sits there next could read them.
_SECRETS: Final = frozenset({"password", "new_password", "new_password_again"})


@dataclass(frozen=True, slots=True)
class _Side:
    cookie: str
    roles: frozenset[str]
    login: str


_STAFF_SIDE: Final = _Side(cookies.STAFF, STAFF, "/practice/login")
_ACCOUNT_SIDE: Final = _Side(cookies.ACCOUNT, _ACCOUNT, "/login")


class Routing:
    """Makes routes. A handler gets the visit, and for staff and accounts the person, whose session was
    checked at identity."""

    def __init__(
        self,
        pages: Pages,
        people: People,
        form_tokens: FormTokens,
        words: dict[Language, Words],
        clock: Callable[[], datetime],
    ) -> None:
        self._pages = pages
        self._people = people
        self._form_tokens = form_tokens
        self._words = words
        self._clock = clock

    def everybody(self, path: str, handler: ForEverybody, *, methods: Sequence[str] = ("GET",)) -> Route:
        """A page that needs no login."""

        async def endpoint(request: Request) -> Response:
            request.scope[ROUTE] = path
            visit, new = await self._visit(request)
            return _kept(await handler(visit), new)

        return Route(path, endpoint, methods=list(methods))

    def staff(
        self,
        path: str,
        handler: ForPerson,
        *,
        methods: Sequence[str] = ("GET",),
        roles: frozenset[str] = STAFF,
    ) -> Route:
        """A page for staff, or for those of them with one of the roles; the services check again."""
        return self._personal(_STAFF_SIDE, path, handler, methods, roles)

    def account(self, path: str, handler: ForPerson, *, methods: Sequence[str] = ("GET",)) -> Route:
        """A page for a person who is logged in to an account."""
        return self._personal(_ACCOUNT_SIDE, path, handler, methods, _ACCOUNT)

    async def problem(self, request: Request, status: int, error_id: str) -> Response:
        """The page that says that something went wrong."""
        secret = cookies.read(request, cookies.VISIT)
        visit = self._plain(request, secret, Form())
        if _is_frame(request):
            return sentence_in_frame(visit, status, visit.words.say(_IN_FRAME))
        return visit.page("errors/problem.html", status=status, code=status, error_id=error_id)

    def _personal(
        self, side: _Side, path: str, handler: ForPerson, methods: Sequence[str], roles: frozenset[str]
    ) -> Route:
        async def endpoint(request: Request) -> Response:
            request.scope[ROUTE] = path
            visit, new = await self._visit(request)
            try:
                person = await self._person(visit, side)
                if person.role not in roles:
                    raise HTTPException(404)
                visit.shared["person"] = person
                response = await handler(visit, person)
                _remember(side, request, response, person)
            except SessionEnded:
                response = self._turned_away(visit, side.login, 401)
            return _kept(response, new)

        return Route(path, endpoint, methods=list(methods))

    async def _person(self, visit: Visit, side: _Side) -> Person:
        person = await self._people.person(cookies.read(visit.request, side.cookie), present=visit.present)
        if person.role not in side.roles:
            raise SessionEnded
        return person

    async def _visit(self, request: Request) -> tuple[Visit, str]:
        """The visit, and the secret of the visit's cookie where it is a new one."""
        known = cookies.read(request, cookies.VISIT)
        secret = known or token_urlsafe(32)
        form = await self._form(request, known) if request.method not in ("GET", "HEAD") else Form()
        return self._plain(request, secret, form), "" if known else secret

    def _plain(self, request: Request, secret: str, form: Form) -> Visit:
        return Visit(
            request=request,
            words=self._words[_language(request)],
            now=self._clock(),
            form=form,
            form_token=self._form_tokens.make(secret),
            pages=self._pages,
            present=BACKGROUND_HEADER not in request.headers and not _is_stream(request),
        )

    async def _form(self, request: Request, visit: str) -> Form:
        """The form that was sent, if it comes from a page of ours; uploads carry their token in a header
        and are not read."""
        if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
            raise HTTPException(403, "foreign")
        token, form = request.headers.get(TOKEN_HEADER, ""), Form()
        if request.headers.get("content-type", "").startswith(FORM_TYPE):
            form = await read_form(request)
            token = token or form.line(_TOKEN_FIELD)
        if not self._form_tokens.is_good(token, visit):
            raise HTTPException(403, "form")
        return form

    def _turned_away(self, visit: Visit, path: str, status: int) -> Response:
        """Lead a person to the way back in, with what was typed; tell a script, which asks without leaving
        the page."""
        request = visit.request
        if _is_frame(request):
            return sentence_in_frame(visit, status, visit.words.say("Bitte melden Sie sich wieder an."))
        if visit.by_script:
            return Response(status_code=status)
        if request.method == "GET":
            query = f"?{request.url.query}" if request.url.query else ""
            return go_to(f"{path}?next={quote(request.url.path + query, safe='')}")
        if path != _STAFF_SIDE.login:
            return go_to(path)
        left_out = {_TOKEN_FIELD, *_SECRETS}
        kept = [(f"{KEPT}{name}", value) for name, value in visit.form.pairs() if name not in left_out]
        kept.append((KEPT_PATH, request.url.path))
        return visit.page("practice/login.html", status=401, email="", next="", problem="", kept=kept)


def _language(request: Request) -> Language:
    chosen = cookies.read(request, cookies.LANGUAGE)
    for language in LANGUAGES:
        if language == chosen:
            return language
    return preferred(request.headers.get("accept-language", ""))


def _is_frame(request: Request) -> bool:
    """No whole page of ours is shown in a frame; what cannot be said there would leave it empty."""
    return request.headers.get("sec-fetch-dest", "") == "iframe"


def _is_stream(request: Request) -> bool:
    return request.headers.get("accept", "") == "text/event-stream"


def _remember(side: _Side, request: Request, response: Response, person: Person) -> None:
    """Who is here, for a form that comes when the session has ended."""
    if side is _STAFF_SIDE and cookies.read(request, cookies.STAFF_MEMBER) != person.id:
        cookies.keep(response, cookies.STAFF_MEMBER, person.id)


def _kept(response: Response, visit: str) -> Response:
    if visit:
        cookies.keep(response, cookies.VISIT, visit)
    return response


def own_path(path: str, otherwise: str) -> str:
    """A path to come back to, if it is one of this portal's; never another host's."""
    if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable():
        return path
    return otherwise
