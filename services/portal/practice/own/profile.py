"""The own access: who one is here, where one is logged in, the password, the language of the pages."""

import asyncio
from collections.abc import Mapping
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.identity.v1.sessions_pb2 import EndSessionRequest, ListSessionsRequest, Session
from praxispost.identity.v1.staff_pb2 import ChangeStaffPasswordRequest, GetStaffMemberRequest
from services.portal.notices import Notice, done
from services.portal.people import Person
from services.portal.practice.administration.staff import ROLES
from services.portal.practice.own.new_password import GUESSABLE, UNUSABLE, wrong_with
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit
from services.portal.words import mark

_PATH: Final = "/practice/profile"
_MOST: Final = 200
_CHECK: Final = mark("Das Passwort ist noch das alte. Bitte prüfen Sie, was unten markiert ist.")
_WRONG: Final = mark("Das ist nicht Ihr bisheriges Passwort.")
_TOO_OFTEN: Final = mark("Zu viele Versuche. Bitte warten Sie %(seconds)s Sekunden.")
_FIELDS: Final[Mapping[str, tuple[str, str]]] = {
    "password": ("password", _WRONG),
    "new_password": ("new_password", UNUSABLE),
}


class Profile:
    """The page and what can be done on it."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        return [
            routing.staff(_PATH, self.show),
            routing.staff(f"{_PATH}/sessions/end", self.end_others, methods=["POST"]),
            routing.staff(f"{_PATH}/sessions/{{session_id}}/end", self.end, methods=["POST"]),
            routing.staff(f"{_PATH}/password", self.change_password, methods=["POST"]),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """Everything of it."""
        return await self._page(visit, person, None)

    async def end(self, visit: Visit, person: Person) -> Response:
        """Log out elsewhere."""
        await self._end(person, visit.argument("session_id"))
        return await self._page(visit, person, done(visit.words.say("Diese Anmeldung ist beendet.")))

    async def end_others(self, visit: Visit, person: Person) -> Response:
        """Log out everywhere but here."""
        others = [each.id for each in await self._sessions(person) if not each.current]
        await asyncio.gather(*(self._end(person, each) for each in others))
        return await self._page(
            visit, person, done(visit.words.say("Alle anderen Anmeldungen sind beendet."))
        )

    async def change_password(self, visit: Visit, person: Person) -> Response:
        """Set another password; the old one is asked for."""
        wrong = wrong_with(visit.form, visit.words)
        if not wrong:
            request = ChangeStaffPasswordRequest(
                password=visit.form.text("password"), new_password=visit.form.text("new_password")
            )
            try:
                await person.ask(self._services.staff.ChangeStaffPassword, request)
            except Refusal as refusal:
                wrong = _wrong(visit, refusal)
        if wrong:
            return await self._page(visit, person, None, wrong)
        text = visit.words.say("Das neue Passwort gilt. Alle anderen Anmeldungen sind beendet.")
        return await self._page(visit, person, done(text))

    async def _end(self, person: Person, session_id: str) -> None:
        try:
            await person.ask(self._services.sessions.EndSession, EndSessionRequest(session_id=session_id))
        except Refusal as refusal:
            # Over and forgotten: that is what was wanted.
            if refusal.reason != "SESSION_NOT_FOUND":
                raise

    async def _sessions(self, person: Person) -> list[Session]:
        answer = await person.ask(self._services.sessions.ListSessions, ListSessionsRequest(page_size=_MOST))
        return list(answer.sessions)

    async def _page(
        self, visit: Visit, person: Person, notice: Notice | None, errors: Mapping[str, str] | None = None
    ) -> Response:
        member, sessions = await asyncio.gather(
            person.ask(self._services.staff.GetStaffMember, GetStaffMemberRequest(staff_id=person.id)),
            self._sessions(person),
        )
        role = next((text for value, text in ROLES.values() if value == member.staff_member.role), "")
        return visit.page(
            "practice/own/profile.html",
            status=400 if errors else 200,
            person=person,
            notice=notice,
            member=member.staff_member,
            role=visit.words.say(role),
            sessions=sessions,
            errors=errors or {},
            problem=visit.words.say(_CHECK) if errors else "",
        )


def _wrong(visit: Visit, refusal: Refusal) -> dict[str, str]:
    match refusal.reason:
        case "PASSWORD_REFUSED":
            return {"password": visit.words.say(_WRONG)}
        case "PASSWORD_TOO_WEAK":
            return {"new_password": visit.words.say(GUESSABLE)}
        case "TOO_MANY_ATTEMPTS":
            seconds = refusal.metadata.get("retry_after_seconds", "")
            return {"password": visit.words.say(_TOO_OFTEN, seconds=seconds)}
        case "INVALID_FIELD":
            known = [_FIELDS[each.field] for each in refusal.fields if each.field in _FIELDS]
            if known:
                return {name: visit.words.say(text) for name, text in known}
    raise refusal
