"""The page on which a message is written, with what one should know before: who reads it, what is missing,
what colleagues have begun."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp
from starlette.responses import Response

from chassis.refusal import Refusal
from praxispost.identity.v1.patients_pb2 import GetPatientRequest, Patient
from praxispost.identity.v1.practices_pb2 import GetPracticeRequest
from praxispost.messaging.v1.drafts_pb2 import (
    Draft,
    DraftSummary,
    GetDraftRequest,
    ListDraftsRequest,
)
from praxispost.messaging.v1.messaging_pb2 import (
    Conversation,
    ListConversationsRequest,
    OpenMessageRequest,
)
from services.portal.documents.attached import Attached
from services.portal.people import Person
from services.portal.practice.inbox.rows import subject_of, writing_now
from services.portal.practice.names import Colleagues, Names, patient_name
from services.portal.practice.writing.letter import (
    LONGEST_BODY,
    LONGEST_SUBJECT,
    MOST_DAYS_AHEAD,
    MOST_REPLY_DAYS,
    Letter,
)
from services.portal.practice.writing.obstacles import obstacles
from services.portal.purposes import PURPOSES
from services.portal.tools import Tools
from services.portal.visits import Visit, go_to
from services.portal.words import Words

_MOST_DRAFTS: Final = 5


@dataclass(frozen=True, slots=True)
class Sheet:
    """A letter as it is shown: with the draft that it was read from, with what is wrong with it, and what
    somebody else saved meanwhile."""

    letter: Letter
    attachments: Sequence[Attached] = ()
    head: DraftSummary | None = None
    problem: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    changed: Draft | None = None


class Sheets:
    """Shows sheets."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services
        self._names = Names(tools.services)
        self._new_id = tools.new_id

    async def new(self, visit: Visit, person: Person, patient_id: str) -> Response:
        """An empty sheet for a patient."""
        letter = Letter(patient_id, str(self._new_id()))
        return await self._page(visit, person, Sheet(letter))

    async def resumed(self, visit: Visit, person: Person, draft_id: str) -> Response:
        """A draft to go on with; one that was sent leads to its conversation."""
        try:
            draft = await self.draft(person, draft_id)
        except Refusal as refusal:
            if refusal.reason != "DRAFT_NOT_FOUND":
                raise
            return await self._gone(visit, person, draft_id)
        letter = Letter.of_draft(draft, str(self._new_id()), visit.words)
        return await self._page(visit, person, Sheet(letter, _attached(draft), draft.summary))

    async def again(self, visit: Visit, person: Person, sheet: Sheet, *, part: bool) -> Response:
        """A sheet that was not taken, with everything that was typed. `part`: for a page's script, which puts
        it in the place of the form."""
        if part:
            return await self._part(visit, person, sheet)
        return await self._page(visit, person, sheet)

    async def changed(self, visit: Visit, person: Person, newest: Draft) -> Response:
        """What a colleague saved meanwhile, for a script that puts it above what is typed."""
        letter = Letter.of_draft(newest, "", visit.words)
        return visit.page(
            "practice/writing/changed.html",
            status=409,
            person=person,
            sheet=Sheet(letter, changed=newest),
            changed_letter=letter,
            colleagues=await self._names.colleagues(person, visit.words),
        )

    async def draft(self, person: Person, draft_id: str) -> Draft:
        """A draft with its text; refuses DRAFT_NOT_FOUND."""
        return (await person.ask(self._services.drafts.GetDraft, GetDraftRequest(draft_id=draft_id))).draft

    async def _gone(self, visit: Visit, person: Person, draft_id: str) -> Response:
        try:
            request = OpenMessageRequest(message_id=draft_id)
            opened = await person.ask(self._services.messaging.OpenMessage, request)
        except Refusal as refusal:
            if refusal.reason not in ("MESSAGE_NOT_FOUND", "CONTENT_ERASED"):
                raise
            return visit.page("practice/writing/gone.html", status=404, person=person)
        return go_to(f"/practice/conversations/{opened.message.summary.conversation_id}")

    async def _part(self, visit: Visit, person: Person, sheet: Sheet) -> Response:
        patient, colleagues = await asyncio.gather(
            self._patient(person, sheet.letter.patient_id),
            self._names.colleagues(person, visit.words),
        )
        context = self._context(visit, person, sheet, patient, colleagues)
        return visit.page("practice/writing/sheet.html", status=_status(sheet), **context)

    async def _page(self, visit: Visit, person: Person, sheet: Sheet) -> Response:
        patient_id = sheet.letter.patient_id
        patient, colleagues, conversation, drafts, practice = await asyncio.gather(
            self._patient(person, patient_id),
            self._names.colleagues(person, visit.words),
            self._conversation(person, patient_id),
            self._other_drafts(person, sheet.letter),
            person.ask(self._services.practices.GetPractice, GetPracticeRequest()),
        )
        return visit.page(
            "practice/writing/write.html",
            status=_status(sheet),
            conversation=conversation,
            writing=writing_now(conversation, colleagues, person.id, visit.now) if conversation else [],
            newest_subject=subject_of(visit.words, conversation.newest) if conversation else "",
            drafts=drafts,
            absence_notice=practice.practice.settings.absence_notice,
            **self._context(visit, person, sheet, patient, colleagues),
        )

    def _context(
        self, visit: Visit, person: Person, sheet: Sheet, patient: Patient, colleagues: Colleagues
    ) -> dict[str, object]:
        today = visit.words.local(visit.now).date()
        return {
            "person": person,
            "sheet": sheet,
            "letter": sheet.letter,
            "state": _saved_by(visit, person, colleagues, sheet.head),
            "who": patient_name(patient, visit.words),
            "obstacles": obstacles(visit.words, patient),
            "colleagues": colleagues,
            "purposes": PURPOSES.options(visit.words),
            "changed_letter": _changed_letter(sheet, visit.words),
            "limits": {
                "subject": LONGEST_SUBJECT,
                "body": LONGEST_BODY,
                "days": MOST_REPLY_DAYS,
                "first": today.isoformat(),
                "last": (today + timedelta(days=MOST_DAYS_AHEAD - 1)).isoformat(),
            },
        }

    async def _patient(self, person: Person, patient_id: str) -> Patient:
        request = GetPatientRequest(patient_id=patient_id)
        return (await person.ask(self._services.patients.GetPatient, request)).patient

    async def _conversation(self, person: Person, patient_id: str) -> Conversation | None:
        request = ListConversationsRequest(patient_ids=[patient_id], page_size=1)
        found = await person.ask(self._services.messaging.ListConversations, request)
        return found.conversations[0] if found.conversations else None

    async def _other_drafts(self, person: Person, letter: Letter) -> list[DraftSummary]:
        request = ListDraftsRequest(patient_id=letter.patient_id, page_size=_MOST_DRAFTS)
        found = await person.ask(self._services.drafts.ListDrafts, request)
        return [each for each in found.drafts if each.id != letter.draft_id]


def saved_at(visit: Visit, at: Timestamp) -> str:
    """What the sheet says once it is kept."""
    is_today = visit.words.local(at).date() == visit.words.local(visit.now).date()
    time = visit.words.time(at) if is_today else visit.words.moment(at)
    return visit.words.say("Gespeichert %(time)s", time=time)


def _saved_by(visit: Visit, person: Person, colleagues: Colleagues, head: DraftSummary | None) -> str:
    if head is None:
        return ""
    if head.saved_by == person.id:
        return saved_at(visit, head.saved_at)
    time = visit.words.moment(head.saved_at)
    return visit.words.say(
        "Gespeichert %(time)s von %(name)s", time=time, name=colleagues.name(head.saved_by)
    )


def _attached(draft: Draft) -> list[Attached]:
    return [Attached(each.id, each.file_name, each.size) for each in draft.attachments]


def _changed_letter(sheet: Sheet, words: Words) -> Letter | None:
    return Letter.of_draft(sheet.changed, "", words) if sheet.changed is not None else None


def _status(sheet: Sheet) -> int:
    return 409 if sheet.problem or sheet.errors or sheet.changed is not None else 200
