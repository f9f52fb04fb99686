"""Creates, saves and deletes drafts; their attachments are claimed at once for the messages they will be."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from chassis.idempotency import Requests
from praxispost.messaging.v1.drafts_pb2 import (
    CreateDraftRequest,
    CreateDraftResponse,
    SaveDraftRequest,
    SaveDraftResponse,
)
from services.messaging.callers import practice_of
from services.messaging.changes import storage as changes
from services.messaging.changes.domain import Change
from services.messaging.drafts import storage
from services.messaging.drafts.domain import (
    DraftContent,
    DraftHead,
    SavedDraft,
    arranged,
    draft_id,
)
from services.messaging.drafts.sealing import DraftSealing
from services.messaging.messages.content_keys import ContentKeys
from services.messaging.messages.sealing import ContentSealer
from services.messaging.patients import storage as patients
from services.messaging.patients.reachability import Reachability
from services.messaging.sending.attempt import Attempt
from services.messaging.sending.claims import Claims
from services.messaging.sending.domain import Attachment
from services.messaging.times import timestamp

R = TypeVar("R", CreateDraftResponse, SaveDraftResponse)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a draft shall consist of, checked."""

    request_id: UUID
    content: DraftContent
    attachment_ids: tuple[UUID, ...]


class DraftKeeping:
    """Keeps drafts for a practice's staff."""

    def __init__(
        self,
        database: Database,
        keys: ContentKeys,
        requests: Requests,
        reachability: Reachability,
        claims: Claims,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._sealing = DraftSealing(keys)
        self._requests = requests
        self._reachability = reachability
        self._claims = claims
        self._clock = clock

    async def create(
        self, caller: Caller, patient_id: UUID, wish: Wish, request: CreateDraftRequest
    ) -> CreateDraftResponse:
        """Store a first version once."""
        practice_id = practice_of(caller)
        attempt = Attempt(caller, practice_id, "CreateDraft", wish.request_id, request, CreateDraftResponse)
        async with self._database.transaction([practice_id]) as tx:
            answer = await attempt.answered(self._requests, tx)
            known = await patients.load(tx, practice_id, patient_id)
        if answer is not None:
            return answer
        await self._reachability.check_known(practice_id, patient_id, known)
        made_id = draft_id(practice_id, caller.subject_id, wish.request_id)
        claimed = await self._claimed(caller, practice_id, patient_id, made_id, wish.attachment_ids)
        now = self._clock()
        by = caller.subject_id
        head = DraftHead(practice_id, made_id, patient_id, 1, by, now, by, now)

        sealer = await self._sealing.new(head)

        async def effect(tx: AsyncConnection) -> CreateDraftResponse:
            await _put(tx, caller, SavedDraft(head, wish.content, claimed), sealer)
            return CreateDraftResponse(draft_id=str(made_id), version=1, saved_at=timestamp(now))

        return await self._once(attempt, effect, head)

    async def save(
        self, caller: Caller, saved_id: UUID, version: int, wish: Wish, request: SaveDraftRequest
    ) -> SaveDraftResponse:
        """Put the next version in the place of the one that was read, once."""
        practice_id = practice_of(caller)
        attempt = Attempt(caller, practice_id, "SaveDraft", wish.request_id, request, SaveDraftResponse)
        async with self._database.transaction([practice_id]) as tx:
            answer = await attempt.answered(self._requests, tx)
            found = await storage.load(tx, practice_id, saved_id)
        if answer is not None:
            return answer
        stored = storage.current(found, version)
        before = await self._sealing.opened(stored)
        held = {each.id for each in before.attachments}
        new = tuple(each for each in wish.attachment_ids if each not in held)
        claimed = await self._claimed(caller, practice_id, before.head.patient_id, saved_id, new)
        attachments = arranged(wish.attachment_ids, before.attachments, claimed)
        now = self._clock()
        head = replace(before.head, version=version + 1, saved_by=caller.subject_id, saved_at=now)

        sealer = await self._sealing.sealer(head, stored.key_id)

        async def effect(tx: AsyncConnection) -> SaveDraftResponse:
            await storage.lock(tx, practice_id, saved_id, version)
            await _put(tx, caller, SavedDraft(head, wish.content, attachments), sealer)
            return SaveDraftResponse(version=head.version, saved_at=timestamp(now))

        return await self._once(attempt, effect, head)

    async def delete(self, caller: Caller, deleted_id: UUID, version: int) -> None:
        """Throw a version away; the collector of attachments learns that nothing has them any more."""
        practice_id = practice_of(caller)
        async with self._database.transaction([practice_id]) as tx:
            found = await storage.lock(tx, practice_id, deleted_id, version)
            now = self._clock()
            await storage.remove(tx, found, now)
            await audit(tx, caller, found.head, "draft.deleted", now)
            await changes.record(tx, [found.head.change(now)])

    async def _once(
        self, attempt: Attempt[R], effect: Callable[[AsyncConnection], Awaitable[R]], head: DraftHead
    ) -> R:
        """The effect's answer and a change, or the answer of an earlier try."""
        saved: list[Change] = []

        async def save(tx: AsyncConnection) -> R:
            response = await effect(tx)
            saved.append(head.change(head.saved_at))
            return response

        async with self._database.transaction([head.practice_id]) as tx:
            response = await attempt.once(self._requests, tx, lambda: save(tx))
            await changes.record(tx, saved)
        return response

    async def _claimed(
        self, caller: Caller, practice_id: UUID, patient_id: UUID, claimer_id: UUID, ids: tuple[UUID, ...]
    ) -> tuple[Attachment, ...]:
        return await self._claims.claim(
            practice_id=practice_id,
            patient_id=patient_id,
            message_id=claimer_id,
            uploader_id=caller.subject_id,
            attachment_ids=ids,
        )


async def _put(tx: AsyncConnection, caller: Caller, draft: SavedDraft, sealer: ContentSealer) -> None:
    await storage.put(tx, draft, sealer)
    await audit(tx, caller, draft.head, "draft.saved", draft.head.saved_at)


async def audit(tx: AsyncConnection, caller: Caller, head: DraftHead, action: str, now: datetime) -> None:
    """Who did what to the draft."""
    await record_audit(
        tx,
        caller=caller,
        tenant_id=head.practice_id,
        action=action,
        object_kind="draft",
        object_id=head.id,
        now=now,
    )
