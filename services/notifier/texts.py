"""Renders what the notifier writes, in German and English, from the templates beside this module."""

from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import Final, Literal, TypeAlias
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.notifier.language import Language
from services.notifier.mail.composing import Content

CodeKind: TypeAlias = Literal["registration_code", "login_code", "reset_code", "contact_code"]

_MINUTES: Final = {Language.GERMAN: ("Minute", "Minuten"), Language.ENGLISH: ("minute", "minutes")}
_HOURS: Final = {Language.GERMAN: ("Stunde", "Stunden"), Language.ENGLISH: ("hour", "hours")}
_DAYS: Final = {Language.GERMAN: ("Tag", "Tage"), Language.ENGLISH: ("day", "days")}


class Texts:
    """All letters and SMS; the links in them lead to the portal and grant nothing."""

    def __init__(self, portal_url: str) -> None:
        self._portal_url = portal_url.rstrip("/")
        self._host = urlsplit(portal_url).hostname or ""
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=lambda name: name is not None and name.endswith(".html"),
            undefined=StrictUndefined,
            trim_blocks=True,
        )

    def prompt(
        self, language: Language, *, practice: str, phone: str, reference: str, again: bool = False
    ) -> Content:
        """The letter that says a message waits; `practice` is the name for prompts, `phone` may be empty.

        `again`: it reminds of a message that has waited for days. The reference stands in the link's
        fragment, which no server on the way gets to see.
        """
        link = f"{self._portal_url}/m#{reference}"
        kind = "reminder" if again else "prompt"
        return self._letter(kind, language, {"practice": practice, "phone": phone, "link": link})

    def code(self, kind: CodeKind, language: Language, *, code: str, lasts: timedelta) -> Content:
        """The letter with a code, which its subject does not show: relays log subjects."""
        return self._letter(kind, language, {"code": code, "lasts": _span(lasts, language)})

    def contact_changed(self, language: Language) -> Content:
        """The letter to the address that an account had before."""
        return self._letter("contact_changed", language, {})

    def password_changed(self, language: Language) -> Content:
        """The letter to the address of an account that has another password."""
        return self._letter("password_changed", language, {"link": f"{self._portal_url}/reset"})

    def access_granted(self, language: Language) -> Content:
        """The letter to who registered, and was let in later."""
        return self._letter("access_granted", language, {"link": f"{self._portal_url}/"})

    def invitation(self, language: Language, *, code: str, lasts: timedelta, practice: str) -> Content:
        """The letter that invites a staff member."""
        link = f"{self._portal_url}/invitation"
        values = {"practice": practice, "code": code, "lasts": _span(lasts, language), "link": link}
        return self._letter("invitation", language, values)

    def code_sms(self, kind: CodeKind, language: Language, *, code: str, lasts: timedelta) -> str:
        """The SMS with a code; its last line lets phones fill it in on this host only (WebOTP, iOS)."""
        values = {"code": code, "lasts": _span(lasts, language), "host": self._host}
        return self._render(kind, language, "sms.txt", values)

    def contact_changed_sms(self, language: Language) -> str:
        """The SMS to the number that an account had before."""
        return self._render("contact_changed", language, "sms.txt", {})

    def _letter(self, kind: str, language: Language, values: Mapping[str, str]) -> Content:
        subject = self._render(kind, language, "subject.txt", values)
        text = self._render(kind, language, "body.txt", values)
        html = self._render(
            kind, language, "body.html", {**values, "subject": subject, "language": language.value}
        )
        return Content(subject, text, html)

    def _render(self, kind: str, language: Language, part: str, values: Mapping[str, str]) -> str:
        return self._templates.get_template(f"{kind}/{language.value}/{part}").render(values)


def _span(span: timedelta, language: Language) -> str:
    minutes = ceil(span / timedelta(minutes=1))
    if minutes <= 120:
        return _counted(minutes, _MINUTES[language])
    hours = round(span / timedelta(hours=1))
    if hours <= 48:
        return _counted(hours, _HOURS[language])
    return _counted(round(span / timedelta(days=1)), _DAYS[language])


def _counted(number: int, words: tuple[str, str]) -> str:
    return f"{number} {words[0] if number == 1 else words[1]}"
