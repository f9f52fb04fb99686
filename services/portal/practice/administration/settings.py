"""What patients see of the practice, and how it writes to them."""

import asyncio
from collections.abc import Mapping
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask
from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.attachments.v1.usage_pb2 import GetUsageRequest
from praxispost.identity.v1.practices_pb2 import (
    GetPracticeRequest,
    Language,
    PracticeSettings,
    UpdatePracticeRequest,
)
from praxispost.messaging.v1.guard_pb2 import GetLegalBasisRequest, UpdateLegalBasisRequest
from services.portal.notices import Notice, done, problem
from services.portal.people import Person
from services.portal.routing import ADMIN, Routing
from services.portal.tools import Tools
from services.portal.visits import Visit
from services.portal.words import mark

_PATH: Final = "/practice/administration/settings"
_LINES: Final = ("name", "prompt_name", "phone", "imprint_url", "privacy_url")
_LANGUAGES: Final[Mapping[str, Language.ValueType]] = {
    "de": Language.LANGUAGE_GERMAN,
    "en": Language.LANGUAGE_ENGLISH,
}
_WRONG: Final[Mapping[str, str]] = {
    "name": mark("Der Name hat 1 bis 120 Zeichen."),
    "prompt_name": mark("Der Name auf Hinweisen hat 1 bis 80 Zeichen."),
    "phone": mark("Die Telefonnummer hat höchstens 40 Zeichen."),
    "absence_notice": mark("Der Hinweis hat höchstens 500 Zeichen."),
    "imprint_url": mark("Bitte geben Sie eine Adresse an, die mit https:// beginnt."),
    "privacy_url": mark("Bitte geben Sie eine Adresse an, die mit https:// beginnt."),
    "text": mark("Die Rechtsgrundlage hat 1 bis 500 Zeichen in einer Zeile."),
}


class Settings:
    """The practice's settings."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(_PATH, self.show, roles=ADMIN),
            routing.staff(_PATH, self.save, methods=["POST"], roles=ADMIN),
            routing.staff(f"{_PATH}/legal-basis", self.save_legal_basis, methods=["POST"], roles=ADMIN),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """What is set."""
        return await self._page(visit, person)

    async def save(self, visit: Visit, person: Person) -> Response:
        """Set what was typed."""
        settings = PracticeSettings(
            absence_notice=visit.form.text("absence_notice").strip(),
            language=_LANGUAGES.get(visit.form.line("language"), Language.LANGUAGE_GERMAN),
            **{name: visit.form.line(name) for name in _LINES},
        )
        mask = FieldMask(paths=[*_LINES, "absence_notice", "language"])
        request = UpdatePracticeRequest(settings=settings, update_mask=mask)
        try:
            await person.ask(self._services.practices.UpdatePractice, request)
        except Refusal as refusal:
            return await self._page(visit, person, errors=_errors(visit, refusal), typed=settings)
        return await self._page(visit, person, done(visit.words.say("Gespeichert.")))

    async def save_legal_basis(self, visit: Visit, person: Person) -> Response:
        """Set the legal basis that the next messages record."""
        request = UpdateLegalBasisRequest(text=visit.form.line("text"))
        try:
            await person.ask(self._services.guard.UpdateLegalBasis, request)
        except Refusal as refusal:
            return await self._page(visit, person, errors=_errors(visit, refusal))
        return await self._page(visit, person, done(visit.words.say("Gespeichert.")))

    async def _page(
        self,
        visit: Visit,
        person: Person,
        notice: Notice | None = None,
        *,
        errors: Mapping[str, str] | None = None,
        typed: PracticeSettings | None = None,
    ) -> Response:
        practice, legal_basis, usage = await asyncio.gather(
            person.ask(self._services.practices.GetPractice, GetPracticeRequest()),
            person.ask(self._services.guard.GetLegalBasis, GetLegalBasisRequest()),
            person.ask(self._services.usage.GetUsage, GetUsageRequest()),
        )
        if errors:
            notice = problem(visit.words.say("Es wurde nichts gespeichert. Bitte prüfen Sie Ihre Angaben."))
        return visit.page(
            "practice/administration/settings.html",
            status=400 if errors else 200,
            person=person,
            notice=notice,
            errors=errors or {},
            settings=typed or practice.practice.settings,
            legal_basis=legal_basis.legal_basis.text,
            usage=usage,
            english=Language.LANGUAGE_ENGLISH,
        )


def _errors(visit: Visit, refusal: Refusal) -> Mapping[str, str]:
    if refusal.reason != "INVALID_FIELD":
        raise refusal
    names = [each.field.rsplit(".", 1)[-1] for each in refusal.fields]
    errors = {name: visit.words.say(_WRONG[name]) for name in names if name in _WRONG}
    if not errors:
        raise refusal
    return errors
