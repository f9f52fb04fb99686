"""Who works in the practice: invite, give roles, disable with a hand-over, enable."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from chassis.grpc_client import AioRpcError
from chassis.refusal import Refusal
from praxispost.identity.v1.staff_pb2 import (
    ChangeStaffRoleRequest,
    DisableStaffMemberRequest,
    EnableStaffMemberRequest,
    InviteStaffMemberRequest,
    ListStaffMembersRequest,
    ResendInvitationRequest,
    StaffMember,
    StaffRole,
    StaffState,
)
from praxispost.messaging.v1.work_pb2 import HandOverRequest
from services.portal.notices import Notice, done, problem
from services.portal.people import Person
from services.portal.routing import ADMIN, Routing
from services.portal.tools import Tools
from services.portal.visits import Visit
from services.portal.words import mark

_PATH: Final = "/practice/administration/staff"
_MOST: Final = 200
ROLES: Final[Mapping[str, tuple[StaffRole.ValueType, str]]] = {
    "assistant": (StaffRole.STAFF_ROLE_ASSISTANT, mark("Medizinische Fachangestellte / Empfang")),
    "physician": (StaffRole.STAFF_ROLE_PHYSICIAN, mark("Ärztin / Arzt")),
    "admin": (StaffRole.STAFF_ROLE_ADMIN, mark("Verwaltung (darf alles)")),
}
_GONE: Final = mark("Diese Person gibt es in der Praxis nicht mehr.")
_REFUSED: Final[Mapping[str, str]] = {
    "LAST_ADMIN": mark("Jemand muss die Praxis verwalten: Machen Sie zuerst jemand anderen zur Verwaltung."),
    "STAFF_MEMBER_NOT_FOUND": _GONE,
    "STAFF_EMAIL_TAKEN": mark("Diese E-Mail-Adresse hat schon jemand in der Praxis."),
    "INVITATION_ACCEPTED": mark("Die Einladung ist schon angenommen."),
    "TOO_MANY_CODES": mark("Gerade ging schon eine Einladung hinaus. Bitte warten Sie ein paar Minuten."),
    "INVALID_FIELD": mark("Bitte prüfen Sie Namen und E-Mail-Adresse."),
    "REQUEST_ID_REUSED": mark(
        "Mit diesem Formular ging schon eine Einladung hinaus. Wenn Sie noch jemanden einladen, senden Sie "
        "es noch einmal."
    ),
}
_NOT_HANDED_OVER: Final = mark(
    "Der Zugang ist gesperrt, aber die Unterhaltungen sind noch nicht übergeben. Bitte wählen Sie noch "
    "einmal, wer sie übernimmt."
)


class Staff:
    """The list of staff and what can be done with each."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services
        self._new_id = tools.new_id

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        one = f"{_PATH}/{{staff_id}}"
        return [
            routing.staff(_PATH, self.show, roles=ADMIN),
            routing.staff(_PATH, self.invite, methods=["POST"], roles=ADMIN),
            routing.staff(f"{one}/invitation", self.invite_again, methods=["POST"], roles=ADMIN),
            routing.staff(f"{one}/role", self.change_role, methods=["POST"], roles=ADMIN),
            routing.staff(f"{one}/disable", self.confirm_disabling, roles=ADMIN),
            routing.staff(f"{one}/disable", self.disable, methods=["POST"], roles=ADMIN),
            routing.staff(f"{one}/enable", self.enable, methods=["POST"], roles=ADMIN),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """Everybody, and the form to invite somebody."""
        return await self._page(visit, person, None)

    async def invite(self, visit: Visit, person: Person) -> Response:
        """Send an invitation."""
        request = InviteStaffMemberRequest(
            request_id=visit.form.line("request_id"),
            email=visit.form.line("email"),
            given_name=visit.form.line("given_name"),
            family_name=visit.form.line("family_name"),
            role=ROLES.get(visit.form.line("role"), (StaffRole.STAFF_ROLE_UNSPECIFIED, ""))[0],
        )
        try:
            await person.ask(self._services.staff.InviteStaffMember, request)
        except Refusal as refusal:
            typed = dict(visit.form.fields())
            if refusal.reason == "REQUEST_ID_REUSED":
                typed["request_id"] = str(self._new_id())
            return await self._page(visit, person, _refused(visit, refusal), typed=typed)
        text = visit.words.say("Die Einladung an %(email)s ist unterwegs.", email=request.email)
        return await self._page(visit, person, done(text))

    async def invite_again(self, visit: Visit, person: Person) -> Response:
        """Send a new code."""
        request = ResendInvitationRequest(staff_id=visit.argument("staff_id"))
        try:
            await person.ask(self._services.staff.ResendInvitation, request)
        except Refusal as refusal:
            return await self._page(visit, person, _refused(visit, refusal))
        text = visit.words.say("Eine neue Einladung ist unterwegs; der alte Code gilt nicht mehr.")
        return await self._page(visit, person, done(text))

    async def change_role(self, visit: Visit, person: Person) -> Response:
        """Give another role."""
        role = ROLES.get(visit.form.line("role"), (StaffRole.STAFF_ROLE_UNSPECIFIED, ""))[0]
        request = ChangeStaffRoleRequest(staff_id=visit.argument("staff_id"), role=role)
        try:
            await person.ask(self._services.staff.ChangeStaffRole, request)
        except Refusal as refusal:
            return await self._page(visit, person, _refused(visit, refusal))
        return await self._page(visit, person, done(visit.words.say("Die Rolle ist geändert.")))

    async def confirm_disabling(self, visit: Visit, person: Person) -> Response:
        """Ask who goes on with what the person has open."""
        return await self._disabling(visit, person, None)

    async def _disabling(self, visit: Visit, person: Person, notice: Notice | None) -> Response:
        members = await self._members(person)
        leaving = next((each for each in members if each.id == visit.argument("staff_id")), None)
        if leaving is None:
            return await self._page(visit, person, problem(visit.words.say(_GONE)))
        staying = [
            each for each in members if each.state == StaffState.STAFF_STATE_ACTIVE and each.id != leaving.id
        ]
        return visit.page(
            "practice/administration/disable.html",
            status=200 if notice is None else 409,
            person=person,
            notice=notice,
            leaving=leaving,
            staying=staying,
        )

    async def disable(self, visit: Visit, person: Person) -> Response:
        """End all sessions of somebody, and hand over what is open; what was not handed over, is asked for
        again."""
        leaving, staying = visit.argument("staff_id"), visit.form.line("to")
        try:
            await person.ask(
                self._services.staff.DisableStaffMember, DisableStaffMemberRequest(staff_id=leaving)
            )
        except Refusal as refusal:
            return await self._page(visit, person, _refused(visit, refusal))
        try:
            handed = HandOverRequest(from_staff_id=leaving, to_staff_id=staying)
            answer = await person.ask(self._services.work.HandOver, handed)
        except (Refusal, AioRpcError):
            return await self._disabling(visit, person, problem(visit.words.say(_NOT_HANDED_OVER)))
        text = visit.words.say(
            "Der Zugang ist gesperrt. Übergebene Unterhaltungen: %(count)s.", count=answer.conversation_count
        )
        return await self._page(visit, person, done(text))

    async def enable(self, visit: Visit, person: Person) -> Response:
        """Let somebody log in again."""
        request = EnableStaffMemberRequest(staff_id=visit.argument("staff_id"))
        try:
            await person.ask(self._services.staff.EnableStaffMember, request)
        except Refusal as refusal:
            return await self._page(visit, person, _refused(visit, refusal))
        return await self._page(visit, person, done(visit.words.say("Der Zugang ist wieder frei.")))

    async def _page(
        self, visit: Visit, person: Person, notice: Notice | None, typed: Mapping[str, str] | None = None
    ) -> Response:
        return visit.page(
            "practice/administration/staff.html",
            status=409 if notice is not None and notice.kind == "bad" else 200,
            person=person,
            notice=notice,
            members=await self._members(person),
            roles=[(name, visit.words.say(label)) for name, (_, label) in ROLES.items()],
            role_names={value: name for name, (value, _) in ROLES.items()},
            typed=typed or {"request_id": str(self._new_id())},
        )

    async def _members(self, person: Person) -> list[StaffMember]:
        members: list[StaffMember] = []
        request = ListStaffMembersRequest(page_size=_MOST)
        while True:
            answer = await person.ask(self._services.staff.ListStaffMembers, request)
            members.extend(answer.staff_members)
            if not answer.next_page_token:
                return members
            request.page_token = answer.next_page_token


def _refused(visit: Visit, refusal: Refusal) -> Notice:
    text = _REFUSED.get(refusal.reason)
    if text is None:
        raise refusal
    return problem(visit.words.say(text))
