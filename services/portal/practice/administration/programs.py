"""The practice's programs: service accounts that send and read in the practice's name."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.service_accounts_pb2 import (
    CreateServiceAccountRequest,
    CreateServiceAccountResponse,
    DisableServiceAccountRequest,
    ListServiceAccountsRequest,
)
from services.portal.notices import Notice, done, problem
from services.portal.people import Person
from services.portal.routing import ADMIN, Routing
from services.portal.tools import Tools
from services.portal.visits import Visit
from services.portal.words import mark

_PATH: Final = "/practice/administration/programs"
_ROLE: Final = "practice_service"
_REFUSED: Final[Mapping[str, str]] = {
    "INVALID_FIELD": mark("Bitte geben Sie dem Programm einen Namen von 1 bis 80 Zeichen."),
    "REQUEST_ID_REUSED": mark(
        "Mit diesem Formular wurde schon ein Programm angelegt. Wenn Sie noch eines brauchen, legen Sie es "
        "noch einmal an."
    ),
}


class Programs:
    """The list of programs."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services
        self._new_id = tools.new_id

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(_PATH, self.show, roles=ADMIN),
            routing.staff(_PATH, self.create, methods=["POST"], roles=ADMIN),
            routing.staff(f"{_PATH}/{{account_id}}/disable", self.disable, methods=["POST"], roles=ADMIN),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """All programs."""
        return await self._page(visit, person)

    async def create(self, visit: Visit, person: Person) -> Response:
        """Let one more program in; its secret is shown this once."""
        request = CreateServiceAccountRequest(
            request_id=visit.form.line("request_id"), label=visit.form.line("label"), role=_ROLE
        )
        try:
            made = await person.ask(self._services.service_accounts.CreateServiceAccount, request)
        except Refusal as refusal:
            if refusal.reason not in _REFUSED:
                raise
            return await self._page(visit, person, problem(visit.words.say(_REFUSED[refusal.reason])))
        return await self._page(visit, person, made=made)

    async def disable(self, visit: Visit, person: Person) -> Response:
        """Lock a program out."""
        request = DisableServiceAccountRequest(account_id=visit.argument("account_id"))
        await person.ask(self._services.service_accounts.DisableServiceAccount, request)
        text = visit.words.say("Das Programm kommt nicht mehr hinein.")
        return await self._page(visit, person, done(text))

    async def _page(
        self,
        visit: Visit,
        person: Person,
        notice: Notice | None = None,
        made: CreateServiceAccountResponse | None = None,
    ) -> Response:
        found = await person.ask(
            self._services.service_accounts.ListServiceAccounts, ListServiceAccountsRequest(page_size=200)
        )
        return visit.page(
            "practice/administration/programs.html",
            status=400 if notice is not None and notice.kind == "bad" else 200,
            person=person,
            notice=notice,
            made=made,
            programs=found.service_accounts,
            request_id=str(self._new_id()),
        )
