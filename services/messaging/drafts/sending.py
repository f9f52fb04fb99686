"""Sends a draft under the rules of every message; in the same transaction the draft is gone."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.caller import Caller
from chassis.database import Database
from chassis.idempotency import Requests
from praxispost.messaging.v1.drafts_pb2 import SendDraftRequest, SendDraftResponse
from praxispost.messaging.v1.messaging_pb2 import Purpose, SendMessageRequest
from services.messaging.callers import practice_of
from services.messaging.changes.domain import Change
from services.messaging.drafts import storage
from services.messaging.drafts.domain import SavedDraft
from services.messaging.drafts.sealing import DraftSealing
from services.messaging.messages.content_keys import ContentKeys
from services.messaging.patients import storage as patients
from services.messaging.patients.reachability import Reachability
from services.messaging.sending.attempt import Attempt
from services.messaging.sending.domain import check_read_by
from services.messaging.sending.message import Letter
from services.messaging.sending.storing import Storing
from services.messaging.times import optional_timestamp


class DraftSending:
    """Makes messages of drafts."""

    def __init__(
        self,
        database: Database,
        keys: ContentKeys,
        requests: Requests,
        reachability: Reachability,
        storing: Storing,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._sealing = DraftSealing(keys)
        self._requests = requests
        self._reachability = reachability
        self._storing = storing
        self._clock = clock

    async def send(
        self, caller: Caller, request_id: UUID, draft_id: UUID, version: int, request: SendDraftRequest
    ) -> SendDraftResponse:
        """Send the version that was read, once; its attachments were claimed when they came in."""
        practice_id = practice_of(caller)
        attempt = Attempt(caller, practice_id, "SendDraft", request_id, request, SendDraftResponse)
        async with self._database.transaction([practice_id]) as tx:
            answer = await attempt.answered(self._requests, tx)
            found = await storage.load(tx, practice_id, draft_id)
        if answer is not None:
            return answer
        draft = await self._sealing.opened(storage.current(found, version))
        letter = Letter.read(_message(draft, request_id))
        check_read_by(letter.read_by, self._clock())
        async with self._database.transaction([practice_id]) as tx:
            known = await patients.load(tx, practice_id, letter.patient_id)
        await self._reachability.check(practice_id, letter.patient_id, known)

        async def take(tx: AsyncConnection) -> Sequence[Change]:
            current = await storage.lock(tx, practice_id, draft_id, version)
            now = self._clock()
            await storage.remove(tx, current, now)
            return [current.head.change(now)]

        message = letter.by(caller, practice_id, draft_id, draft.attachments)
        return await self._storing.store(attempt, message, take)


def _message(draft: SavedDraft, request_id: UUID) -> SendMessageRequest:
    """What SendMessage would be asked for, so that the same is refused for the same reasons."""
    content = draft.content
    return SendMessageRequest(
        request_id=str(request_id),
        patient_id=str(draft.head.patient_id),
        purpose=Purpose.ValueType(content.purpose or 0),
        subject=content.subject,
        body=content.body,
        reply_allowed=content.reply_allowed,
        reply_period_days=content.reply_period_days,
        read_by=optional_timestamp(content.read_by),
        attachment_ids=[str(each.id) for each in draft.attachments],
    )
