"""However often a try to keep or send is repeated, and whatever colleagues do meanwhile: one draft, one
message, no word overwritten."""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TypeVar, cast
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from chassis.refusal import Refusal, Status
from praxispost.messaging.v1 import drafts_pb2 as wire
from praxispost.messaging.v1.messaging_pb2 import (
    Message,
    MessageAttachment,
    MessageSummary,
    OpenMessageRequest,
    OpenMessageResponse,
)
from services.portal.people import Person
from services.portal.practice.writing.keeping import Changed, Deleted, Keeping, Kept, NotSent, Sent
from services.portal.practice.writing.letter import Letter
from services.portal.services import Services
from services.portal.words import Words

Q = TypeVar("Q")
R = TypeVar("R")
_WORDS = Words("de", ZoneInfo("Europe/Berlin"))
_LETTER = Letter("patient", "request", purpose="findings", subject="Ihre Werte", body="Alles gut.")


@dataclass
class _Messaging:
    """Drafts and messages as the contract describes them, in memory."""

    drafts: dict[str, wire.Draft] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    created: dict[str, str] = field(default_factory=dict)
    refuses: str = ""
    caller: str = "anke"
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def CreateDraft(self, request: wire.CreateDraftRequest) -> wire.CreateDraftResponse:
        known = self.created.get(request.request_id)
        if known is None:
            known = self.created[request.request_id] = f"draft-{next(self.numbers)}"
            self._put(known, 1, request.content)
        return wire.CreateDraftResponse(draft_id=known, version=1)

    async def SaveDraft(self, request: wire.SaveDraftRequest) -> wire.SaveDraftResponse:
        self._current(request.draft_id, request.version)
        self._put(request.draft_id, request.version + 1, request.content)
        return wire.SaveDraftResponse(version=request.version + 1)

    async def GetDraft(self, request: wire.GetDraftRequest) -> wire.GetDraftResponse:
        if request.draft_id not in self.drafts:
            raise _refusal("DRAFT_NOT_FOUND")
        return wire.GetDraftResponse(draft=self.drafts[request.draft_id])

    async def SendDraft(self, request: wire.SendDraftRequest) -> wire.SendDraftResponse:
        draft = self._current(request.draft_id, request.version)
        if self.refuses:
            raise _refusal(self.refuses)
        content = draft.content
        summary = MessageSummary(
            id=request.draft_id, conversation_id="talk", subject=content.subject, purpose=content.purpose
        )
        attachments = [MessageAttachment(id=each) for each in content.attachment_ids]
        self.messages[request.draft_id] = Message(summary=summary, body=content.body, attachments=attachments)
        del self.drafts[request.draft_id]
        return wire.SendDraftResponse(message_id=request.draft_id, conversation_id="talk")

    async def OpenMessage(self, request: OpenMessageRequest) -> OpenMessageResponse:
        if request.message_id not in self.messages:
            raise _refusal("MESSAGE_NOT_FOUND")
        return OpenMessageResponse(message=self.messages[request.message_id])

    def _current(self, draft_id: str, version: int) -> wire.Draft:
        if draft_id not in self.drafts:
            raise _refusal("DRAFT_NOT_FOUND")
        draft = self.drafts[draft_id]
        if draft.summary.version != version:
            raise _refusal("DRAFT_CHANGED")
        return draft

    def _put(self, draft_id: str, version: int, content: wire.DraftContent) -> None:
        summary = wire.DraftSummary(id=draft_id, patient_id="patient", version=version, saved_by=self.caller)
        self.drafts[draft_id] = wire.Draft(summary=summary, content=content)


class _Person:
    id = "anke"

    async def ask(self, method: Callable[[Q], Awaitable[R]], request: Q) -> R:
        return await method(request)


_ANKE = cast("Person", _Person())


def _keeping(messaging: _Messaging) -> Keeping:
    new_id: Callable[[], UUID] = uuid4
    return Keeping(cast("Services", SimpleNamespace(drafts=messaging, messaging=messaging)), new_id)


def _refusal(reason: str) -> Refusal:
    return Refusal(Status.FAILED_PRECONDITION, reason, "")


async def _kept(messaging: _Messaging, letter: Letter = _LETTER) -> Letter:
    kept = await _keeping(messaging).keep(_ANKE, letter, _WORDS)
    assert isinstance(kept, Kept)
    return replace(letter, draft_id=kept.draft_id, version=kept.version)


async def test_a_first_try_whose_answer_was_lost_makes_no_second_draft() -> None:
    messaging = _Messaging()
    await _kept(messaging)
    later = replace(_LETTER, body="Alles gut. Wirklich.", unsure=True)
    again = await _kept(messaging, later)
    assert list(messaging.drafts) == [again.draft_id]
    assert messaging.drafts[again.draft_id].content.body == "Alles gut. Wirklich."


async def test_a_save_whose_answer_was_lost_is_no_conflict_with_oneself() -> None:
    messaging = _Messaging()
    letter = await _kept(messaging)
    await _kept(messaging, replace(letter, body="Zwei"))
    newest = await _kept(messaging, replace(letter, body="Drei", unsure=True))
    assert messaging.drafts[newest.draft_id].content.body == "Drei"


async def test_another_window_of_the_same_person_is_not_overwritten() -> None:
    messaging = _Messaging()
    letter = await _kept(messaging)
    await _kept(messaging, replace(letter, body="Zwei"))
    outcome = await _keeping(messaging).keep(_ANKE, replace(letter, body="Drei"), _WORDS)
    assert isinstance(outcome, Changed)
    assert outcome.newest.content.body == "Zwei"


async def test_a_colleague_is_not_overwritten_however_unsure_the_page_is() -> None:
    messaging = _Messaging()
    letter = await _kept(messaging)
    messaging.caller = "beate"
    await _kept(messaging, replace(letter, body="Beate"))
    outcome = await _keeping(messaging).keep(_ANKE, replace(letter, body="Anke", unsure=True), _WORDS)
    assert isinstance(outcome, Changed)
    assert messaging.drafts[letter.draft_id].content.body == "Beate"


async def test_the_same_words_are_no_conflict() -> None:
    messaging = _Messaging()
    letter = await _kept(messaging)
    messaging.caller = "beate"
    await _kept(messaging, replace(letter, body="Gleich"))
    assert (await _kept(messaging, replace(letter, body="Gleich"))).version == letter.version + 1


async def test_what_is_sent_twice_is_one_message() -> None:
    messaging = _Messaging()
    first = await _keeping(messaging).send(_ANKE, _LETTER, _WORDS)
    second = await _keeping(messaging).send(_ANKE, _LETTER, _WORDS)
    assert first == second == Sent("talk", held=False)
    assert len(messaging.messages) == 1
    assert messaging.drafts == {}


async def test_other_words_after_the_sending_are_not_taken_for_sent() -> None:
    messaging = _Messaging()
    letter = await _kept(messaging)
    await _keeping(messaging).send(_ANKE, letter, _WORDS)
    for act in (_keeping(messaging).keep, _keeping(messaging).send):
        outcome = await act(_ANKE, replace(letter, body="Nachtrag"), _WORDS)
        assert outcome == Sent("talk", held=False, entirely=False)


async def test_a_deleted_draft_is_said_to_be_deleted() -> None:
    messaging = _Messaging()
    letter = await _kept(messaging)
    messaging.drafts.clear()
    assert isinstance(await _keeping(messaging).keep(_ANKE, letter, _WORDS), Deleted)
    assert isinstance(await _keeping(messaging).send(_ANKE, letter, _WORDS), Deleted)


async def test_what_is_refused_is_kept() -> None:
    messaging = _Messaging(refuses="CONTACT_MISSING")
    outcome = await _keeping(messaging).send(_ANKE, _LETTER, _WORDS)
    assert isinstance(outcome, NotSent)
    assert outcome.refusal.reason == "CONTACT_MISSING"
    assert messaging.drafts[outcome.kept.draft_id].content.body == "Alles gut."


async def test_a_text_kept_apart_leaves_the_other_and_its_documents() -> None:
    messaging = _Messaging()
    letter = await _kept(messaging, replace(_LETTER, attachments=("one",)))
    apart = await _keeping(messaging).apart(_ANKE, replace(letter, body="Meiner"), _WORDS)
    assert messaging.drafts[apart.draft_id].content.body == "Meiner"
    assert list(messaging.drafts[apart.draft_id].content.attachment_ids) == []
    assert list(messaging.drafts[letter.draft_id].content.attachment_ids) == ["one"]
