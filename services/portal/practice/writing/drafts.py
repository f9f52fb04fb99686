"""What the practice has begun to write: everybody of it sees it, goes on with it, or deletes it."""

import asyncio

from starlette.responses import Response
from starlette.routing import Route

from chassis.refusal import Refusal
from praxispost.messaging.v1.drafts_pb2 import DeleteDraftRequest, ListDraftsRequest
from praxispost.messaging.v1.messaging_pb2 import GetReceiptRequest
from services.portal.notices import Notice, done, problem
from services.portal.people import Person
from services.portal.practice.names import Names
from services.portal.practice.writing.letter import version_of
from services.portal.practice.writing.sheets import Sheets
from services.portal.purposes import PURPOSES
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit


class Drafts:
    """The list, and each draft's page."""

    def __init__(self, tools: Tools, sheets: Sheets) -> None:
        self._services = tools.services
        self._names = Names(tools.services)
        self._sheets = sheets

    def routes(self, routing: Routing) -> list[Route]:
        """Its paths."""
        one = "/practice/drafts/{draft_id}"
        return [
            routing.staff("/practice/drafts", self.show),
            routing.staff("/practice/drafts/list", self.rows),
            routing.staff(one, self.resume),
            routing.staff(f"{one}/news", self.news),
            routing.staff(f"{one}/delete", self.confirm),
            routing.staff(f"{one}/delete", self.delete, methods=["POST"]),
        ]

    async def show(self, visit: Visit, person: Person) -> Response:
        """The list."""
        return await self._page(visit, person, None)

    async def rows(self, visit: Visit, person: Person) -> Response:
        """The list alone, for a page that is open."""
        return visit.page("practice/writing/draft_rows.html", status=200, **await self._rows(visit, person))

    async def resume(self, visit: Visit, person: Person) -> Response:
        """Go on writing."""
        return await self._sheets.resumed(visit, person, visit.argument("draft_id"))

    async def news(self, visit: Visit, person: Person) -> Response:
        """What became of the draft that is open here since the version of this page."""
        draft_id = visit.argument("draft_id")
        try:
            draft = await self._sheets.draft(person, draft_id)
        except Refusal as refusal:
            if refusal.reason != "DRAFT_NOT_FOUND":
                raise
            sent = draft_id if await self._is_sent(person, draft_id) else ""
            return visit.page("practice/writing/news.html", head=None, sent=sent)
        head = draft.summary
        is_news = head.saved_by != person.id and visit.query("version") != str(head.version)
        if not is_news:
            return Response(status_code=204)
        colleagues = await self._names.colleagues(person, visit.words)
        return visit.page("practice/writing/news.html", head=head, name=colleagues.name(head.saved_by))

    async def confirm(self, visit: Visit, person: Person) -> Response:
        """Ask before it is gone."""
        try:
            draft = await self._sheets.draft(person, visit.argument("draft_id"))
        except Refusal as refusal:
            return await self._refused(visit, person, refusal)
        names, colleagues = await asyncio.gather(
            self._names.patients(person, visit.words, [draft.summary.patient_id]),
            self._names.colleagues(person, visit.words),
        )
        return visit.page(
            "practice/writing/delete.html",
            person=person,
            draft=draft,
            who=names[draft.summary.patient_id],
            colleagues=colleagues,
        )

    async def delete(self, visit: Visit, person: Person) -> Response:
        """Throw away the version that was looked at."""
        version = version_of(visit.form, "version")
        request = DeleteDraftRequest(draft_id=visit.argument("draft_id"), version=version)
        try:
            await person.ask(self._services.drafts.DeleteDraft, request)
        except Refusal as refusal:
            return await self._refused(visit, person, refusal)
        return await self._page(visit, person, done(visit.words.say("Der Entwurf ist gelöscht.")))

    async def _is_sent(self, person: Person, draft_id: str) -> bool:
        """Whether there is a message of the draft's id."""
        try:
            await person.ask(self._services.messaging.GetReceipt, GetReceiptRequest(message_id=draft_id))
        except Refusal as refusal:
            if refusal.reason != "MESSAGE_NOT_FOUND":
                raise
            return False
        return True

    async def _refused(self, visit: Visit, person: Person, refusal: Refusal) -> Response:
        if refusal.reason == "DRAFT_CHANGED":
            text = visit.words.say(
                "Nicht gelöscht: Jemand hat den Entwurf gerade geändert. Sehen Sie ihn sich noch einmal an."
            )
        elif refusal.reason == "DRAFT_NOT_FOUND":
            text = visit.words.say("Diesen Entwurf gibt es nicht mehr: Er wurde gesendet oder gelöscht.")
        else:
            raise refusal
        return await self._page(visit, person, problem(text))

    async def _page(self, visit: Visit, person: Person, notice: Notice | None) -> Response:
        rows = await self._rows(visit, person)
        status = 409 if notice is not None and notice.kind == "bad" else 200
        return visit.page("practice/writing/drafts.html", status=status, person=person, notice=notice, **rows)

    async def _rows(self, visit: Visit, person: Person) -> dict[str, object]:
        request = ListDraftsRequest(page_token=visit.query("page"))
        found = await person.ask(self._services.drafts.ListDrafts, request)
        names, colleagues = await asyncio.gather(
            self._names.patients(person, visit.words, [each.patient_id for each in found.drafts]),
            self._names.colleagues(person, visit.words),
        )
        return {
            "drafts": found.drafts,
            "next_page": found.next_page_token,
            "names": names,
            "colleagues": colleagues,
            "purposes": PURPOSES,
            "is_first": not visit.query("page"),
        }
