"""Asks the catcher for what arrived, and waits for it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx


class NothingCame(Exception):
    """What was waited for did not arrive in time."""


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """One mail; `number` orders mails and SMS by their arrival."""

    number: int
    received_at: datetime
    sender: str
    to: str
    message_id: str
    subject: str
    text: str
    html: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CaughtSms:
    """One SMS."""

    number: int
    to: str
    text: str


class CatcherClient:
    """Reads a running catcher at `url`; may be used from several threads."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=90, trust_env=False)

    def newest(self) -> int:
        """The number of what came last: wait for what comes after it."""
        answer: int = self._get("/livez")["newest"]
        return answer

    def mails(self, to: str | None = None, *, after: int = 0) -> list[CaughtMail]:
        """The mails that are there now, oldest first."""
        return self._mails(to, after, 0)

    def sms(self, to: str | None = None, *, after: int = 0) -> list[CaughtSms]:
        """The SMS that are there now, oldest first."""
        return self._sms(to, after, 0)

    def wait_for_mail(self, to: str, *, after: int = 0, seconds: float = 20) -> CaughtMail:
        """The first mail for an address after a number; refuses with NothingCame."""
        for mail in self._mails(to, after, seconds):
            return mail
        raise NothingCame(f"no mail to {to} within {seconds:g} s")

    def wait_for_sms(self, to: str, *, after: int = 0, seconds: float = 20) -> CaughtSms:
        """The first SMS to a number in E.164 after a number; refuses with NothingCame."""
        for sms in self._sms(to, after, seconds):
            return sms
        raise NothingCame(f"no SMS to {to} within {seconds:g} s")

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def _mails(self, to: str | None, after: int, seconds: float) -> list[CaughtMail]:
        return [_mail(each) for each in self._get("/mails", to=to, after=after, wait=seconds)["caught"]]

    def _sms(self, to: str | None, after: int, seconds: float) -> list[CaughtSms]:
        return [
            CaughtSms(**{name: each[name] for name in CaughtSms.__slots__})
            for each in self._get("/messages/sms", to=to, after=after, wait=seconds)["caught"]
        ]

    def _get(self, path: str, **query: str | float | None) -> Any:
        given = {name: value for name, value in query.items() if value is not None}
        return self._http.get(path, params=given).raise_for_status().json()


def _mail(caught: dict[str, Any]) -> CaughtMail:
    read: dict[str, Any] = {
        "received_at": datetime.fromisoformat(caught["received_at"]),
        "headers": tuple((name, value) for name, value in caught["headers"]),
    }
    return CaughtMail(**{name: read.get(name, caught[name]) for name in CaughtMail.__slots__})
