"""Keeps what is written as a draft and sends it, however often a try is repeated and whatever colleagues do
meanwhile.

Nothing here relies on a page's memory of what arrived: a repeated try is compared with what there is.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.refusal import Refusal
from praxispost.messaging.v1.drafts_pb2 import (
    CreateDraftRequest,
    Draft,
    DraftContent,
    GetDraftRequest,
    SaveDraftRequest,
    SendDraftRequest,
)
from praxispost.messaging.v1.messaging_pb2 import Message, OpenMessageRequest, ReceiptState
from services.portal.people import Person
from services.portal.practice.writing.letter import Letter, same
from services.portal.services import Services
from services.portal.words import Words


@dataclass(frozen=True, slots=True)
class Kept:
    """The draft is as it was written."""

    draft_id: str
    version: int
    saved_at: Timestamp


@dataclass(frozen=True, slots=True)
class Changed:
    """Somebody saved the draft meanwhile: this is how it is now, and nothing was kept of what was written."""

    newest: Draft


@dataclass(frozen=True, slots=True)
class Sent:
    """It is a message. Not `entirely`: one with other words, which was sent before."""

    conversation_id: str
    held: bool
    entirely: bool = True


@dataclass(frozen=True, slots=True)
class Deleted:
    """Somebody deleted the draft."""


@dataclass(frozen=True, slots=True)
class NotSent:
    """It was kept, and messaging refused to send it."""

    kept: Kept
    refusal: Refusal


Outcome: TypeAlias = Kept | Changed | Sent | Deleted | NotSent


class Keeping:
    """What can be done with a draft. Raises Refusal where the content or the patient is the reason."""

    def __init__(self, services: Services, new_id: Callable[[], UUID]) -> None:
        self._drafts = services.drafts
        self._messaging = services.messaging
        self._new_id = new_id

    async def keep(self, person: Person, letter: Letter, words: Words) -> Outcome:
        """Keep what is written, in a new draft where there is none."""
        draft_id, version = letter.draft_id, letter.version
        if not draft_id:
            draft_id, version = await self._begun(person, letter)
        content = letter.content(words)

        async def save() -> Outcome:
            return await self._saved(person, draft_id, version, content, unsure=letter.unsure)

        return await self._or_gone(person, draft_id, content, save)

    async def send(self, person: Person, letter: Letter, words: Words) -> Outcome:
        """Keep and send what is written."""
        kept = await self.keep(person, letter, words)
        if not isinstance(kept, Kept):
            return kept
        content = letter.content(words)
        request = SendDraftRequest(request_id=letter.request_id, draft_id=kept.draft_id, version=kept.version)

        async def send() -> Outcome:
            try:
                answer = await person.ask(self._drafts.SendDraft, request)
            except Refusal as refusal:
                if refusal.reason == "DRAFT_CHANGED":
                    return await self._compared(person, kept.draft_id, kept.version, content, unsure=False)
                if refusal.reason == "DRAFT_NOT_FOUND":
                    raise
                return NotSent(kept, refusal)
            return Sent(answer.conversation_id, answer.held)

        return await self._or_gone(person, kept.draft_id, content, send)

    async def apart(self, person: Person, letter: Letter, words: Words) -> Kept:
        """Keep what is written in a draft of its own, without the documents: they belong to the other."""
        content = letter.content(words)
        del content.attachment_ids[:]
        request = CreateDraftRequest(
            request_id=str(self._new_id()), patient_id=letter.patient_id, content=content
        )
        made = await person.ask(self._drafts.CreateDraft, request)
        return Kept(made.draft_id, made.version, made.saved_at)

    async def _begun(self, person: Person, letter: Letter) -> tuple[str, int]:
        """An empty draft: always the same request, so that a repeated first try makes no second draft."""
        request = CreateDraftRequest(request_id=letter.request_id, patient_id=letter.patient_id)
        made = await person.ask(self._drafts.CreateDraft, request)
        return made.draft_id, made.version

    async def _saved(
        self, person: Person, draft_id: str, version: int, content: DraftContent, *, unsure: bool
    ) -> Outcome:
        request = SaveDraftRequest(
            request_id=str(self._new_id()), draft_id=draft_id, version=version, content=content
        )
        try:
            saved = await person.ask(self._drafts.SaveDraft, request)
        except Refusal as refusal:
            if refusal.reason != "DRAFT_CHANGED":
                raise
            return await self._compared(person, draft_id, version, content, unsure=unsure)
        return Kept(draft_id, saved.version, saved.saved_at)

    async def _compared(
        self, person: Person, draft_id: str, version: int, content: DraftContent, *, unsure: bool
    ) -> Outcome:
        """Somebody has saved since: the same words, this page in a try whose answer was lost, or others."""
        newest = (await person.ask(self._drafts.GetDraft, GetDraftRequest(draft_id=draft_id))).draft
        head = newest.summary
        if same(newest.content, content):
            return Kept(draft_id, head.version, head.saved_at)
        if unsure and head.saved_by == person.id and head.version == version + 1:
            return await self._saved(person, draft_id, head.version, content, unsure=False)
        return Changed(newest)

    async def _or_gone(
        self, person: Person, draft_id: str, content: DraftContent, act: Callable[[], Awaitable[Outcome]]
    ) -> Outcome:
        """What the act leads to; where there is no such draft any more, what became of it."""
        try:
            return await act()
        except Refusal as refusal:
            if refusal.reason != "DRAFT_NOT_FOUND":
                raise
        try:
            # A draft's id becomes its message's. That its own side opens it, is no receipt.
            opened = await person.ask(self._messaging.OpenMessage, OpenMessageRequest(message_id=draft_id))
        except Refusal as refusal:
            if refusal.reason not in ("MESSAGE_NOT_FOUND", "CONTENT_ERASED"):
                raise
            return Deleted()
        summary = opened.message.summary
        held = summary.receipt.state == ReceiptState.RECEIPT_STATE_HELD
        return Sent(summary.conversation_id, held, _says(opened.message, content))


def _says(message: Message, content: DraftContent) -> bool:
    """Whether the message has these words and documents."""
    summary = message.summary
    return (summary.purpose, summary.subject, message.body, [each.id for each in message.attachments]) == (
        content.purpose,
        content.subject,
        content.body,
        list(content.attachment_ids),
    )
