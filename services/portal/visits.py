"""One request as the pages see it: its words, what was typed, and how to answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from starlette.datastructures import MultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.portal.pages import Pages
from services.portal.words import Words

_LARGEST_FORM: Final = 256 * 1024
_MOST_FIELDS: Final = 500
SCRIPT_HEADER: Final = "X-Script"
FORM_TYPE: Final = "application/x-www-form-urlencoded"


class Form:
    """What was typed into a form; what was not is empty."""

    def __init__(self, fields: Sequence[tuple[str, str]] = ()) -> None:
        self._fields = MultiDict(fields)

    def text(self, name: str) -> str:
        """A field, with the line ends of a browser made plain."""
        return str(self._fields.get(name, "")).replace("\r\n", "\n")

    def line(self, name: str) -> str:
        """A field of one line, trimmed."""
        return self.text(name).strip()

    def has(self, name: str) -> bool:
        """Whether a box was checked, or a button of this name pressed."""
        return name in self._fields

    def all(self, name: str) -> list[str]:
        """All values of a field that can be given several times."""
        return [str(value) for value in self._fields.getlist(name)]

    def pairs(self) -> list[tuple[str, str]]:
        """All that was sent, in its order."""
        return [(str(name), str(value)) for name, value in self._fields.multi_items()]

    def fields(self) -> Mapping[str, str]:
        """All fields, to show what was typed once more."""
        return {str(name): str(value) for name, value in self._fields.items()}


@dataclass(frozen=True, slots=True)
class Visit:
    """A request. `present`: a person's own act, not a refresh by the page's script; `form` is empty unless
    one was sent."""

    request: Request
    words: Words
    now: datetime
    form: Form
    form_token: str
    pages: Pages
    present: bool
    shared: dict[str, object] = field(default_factory=dict)

    def page(self, template: str, *, status: int = 200, **context: object) -> Response:
        """A page or a part of one."""
        return self.pages.show(self, template, status, context)

    @property
    def by_script(self) -> bool:
        """Whether a script of a page asks, which wants a part of it, not a person who goes there. Browsers
        from before 2023 do not say, so the scripts do."""
        headers = self.request.headers
        if "sec-fetch-mode" in headers:
            return headers["sec-fetch-mode"] != "navigate"
        return SCRIPT_HEADER in headers or headers.get("accept", "") == "text/event-stream"

    def argument(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def query(self, name: str) -> str:
        """A parameter of the address; empty where it is missing."""
        return self.request.query_params.get(name, "")


def go_to(path: str) -> Response:
    """Answer a form with the page to look at next, so that a reload sends nothing again."""
    return RedirectResponse(path, status_code=303)


async def read_form(request: Request) -> Form:
    """The fields of a sent form. Refuses what is too large or no form with an HTTP error."""
    if not request.headers.get("content-type", "").startswith(FORM_TYPE):
        raise HTTPException(415)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            raise HTTPException(413)
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise HTTPException(400) from error
    return Form(fields)
