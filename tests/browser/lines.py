"""A person's line to the portal without a browser: for what no browser sends, and for much at a time."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from httpx import Client, Response

from tests.story.cast import new_id

_TOKEN = re.compile(r'name="form-token" content="([^"]+)"')


class Line:
    """Requests with a session's cookie and the token of a page that was shown."""

    def __init__(self, client: Client, cookie: str, session: str) -> None:
        page = client.get("/")
        token = _TOKEN.search(page.text)
        assert token
        visit = page.headers["set-cookie"].partition(";")[0]
        self._client = client
        self._headers = {"Cookie": f"{visit}; {cookie}={session}", "X-Form-Token": token[1]}

    def post(self, path: str, **fields: str) -> Response:
        """A form."""
        return self._client.post(path, data=fields, headers=self._headers)

    def upload(self, path: str, content: bytes, name: str = "Befund.pdf", **headers: str) -> Response:
        """A document; `headers` with underscores."""
        sent = {
            "Content-Type": "application/octet-stream",
            "X-File-Name": quote(name, safe=""),
            "X-File-Type": "application/pdf",
            "X-Upload-Id": new_id(),
            **{key.replace("_", "-"): value for key, value in headers.items()},
        }
        return self._client.post(path, content=content, headers=self._headers | sent)


@contextmanager
def staff_line(portal_url: str, session: str) -> Iterator[Line]:
    """A staff member's line."""
    with Client(base_url=portal_url, timeout=120) as client:
        yield Line(client, "__Host-staff", session)


@contextmanager
def account_line(portal_url: str, session: str) -> Iterator[Line]:
    """The line of a person with an account."""
    with Client(base_url=portal_url, timeout=120) as client:
        yield Line(client, "__Host-account", session)
