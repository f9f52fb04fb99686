"""Translates between the contract of DraftService and its use cases."""

from dataclasses import dataclass
from typing import TypeAlias

from grpc import aio

from chassis.caller import Caller
from chassis.grpc_server import caller
from chassis.paging import read_position
from chassis.refusal import invalid
from chassis.validation import distinct_uuids, one_line, optional_uuid, page_size, required_uuid, text
from praxispost.messaging.v1 import drafts_pb2 as wire
from praxispost.messaging.v1 import drafts_pb2_grpc
from services.messaging.drafts import presentation
from services.messaging.drafts.domain import DraftContent
from services.messaging.drafts.keeping import DraftKeeping, Wish
from services.messaging.drafts.reading import DraftReading
from services.messaging.drafts.sending import DraftSending
from services.messaging.messages.domain import Purpose
from services.messaging.reading.grants import Grants
from services.messaging.sending.domain import LONGEST_BODY, LONGEST_SUBJECT, MOST_ATTACHMENTS
from services.messaging.sending.message import reply_period_days
from services.messaging.times import optional_moment

Context: TypeAlias = aio.ServicerContext[object, object]


@dataclass(frozen=True, slots=True)
class DraftUseCases:
    """What the servicer translates to."""

    keeping: DraftKeeping
    reading: DraftReading
    sending: DraftSending
    grants: Grants


class DraftServicer(drafts_pb2_grpc.DraftServiceServicer):
    """The servicer; who may call what stands in `access`."""

    def __init__(self, use_cases: DraftUseCases) -> None:
        self._do = use_cases

    async def CreateDraft(
        self, request: wire.CreateDraftRequest, context: Context
    ) -> wire.CreateDraftResponse:
        wish = _wish(request.request_id, request.content)
        patient_id = required_uuid("patient_id", request.patient_id)
        return await self._do.keeping.create(caller(), patient_id, wish, request)

    async def SaveDraft(self, request: wire.SaveDraftRequest, context: Context) -> wire.SaveDraftResponse:
        wish = _wish(request.request_id, request.content)
        draft_id, version = required_uuid("draft_id", request.draft_id), _version(request.version)
        return await self._do.keeping.save(caller(), draft_id, version, wish, request)

    async def GetDraft(self, request: wire.GetDraftRequest, context: Context) -> wire.GetDraftResponse:
        who = caller()
        draft = await self._do.reading.get(who, required_uuid("draft_id", request.draft_id))
        grants = {
            each.id: await self._do.grants.grant(who.subject_id, draft.head.practice_id, each.id)
            for each in draft.attachments
        }
        return wire.GetDraftResponse(draft=presentation.draft(draft, grants))

    async def ListDrafts(self, request: wire.ListDraftsRequest, context: Context) -> wire.ListDraftsResponse:
        patient_id = optional_uuid("patient_id", request.patient_id)
        after, size = read_position(request.page_token), page_size(request.page_size)
        page = await self._do.reading.page(caller(), patient_id, after, size)
        return wire.ListDraftsResponse(
            drafts=[presentation.line(each) for each in page.lines],
            next_page_token=page.end.token() if page.end else "",
        )

    async def DeleteDraft(
        self, request: wire.DeleteDraftRequest, context: Context
    ) -> wire.DeleteDraftResponse:
        draft_id, version = required_uuid("draft_id", request.draft_id), _version(request.version)
        await self._do.keeping.delete(caller(), draft_id, version)
        return wire.DeleteDraftResponse()

    async def SendDraft(self, request: wire.SendDraftRequest, context: Context) -> wire.SendDraftResponse:
        request_id = required_uuid("request_id", request.request_id)
        draft_id, version = required_uuid("draft_id", request.draft_id), _version(request.version)
        who: Caller = caller()
        return await self._do.sending.send(who, request_id, draft_id, version, request)


def _wish(request_id: str, content: wire.DraftContent) -> Wish:
    return Wish(
        request_id=required_uuid("request_id", request_id),
        content=DraftContent(
            purpose=_purpose(content.purpose),
            subject=one_line("content.subject", content.subject, minimum=0, maximum=LONGEST_SUBJECT),
            body=text("content.body", content.body, minimum=0, maximum=LONGEST_BODY),
            reply_allowed=content.reply_allowed,
            reply_period_days=_reply_period(content),
            read_by=optional_moment(
                "content.read_by", content.read_by if content.HasField("read_by") else None
            ),
        ),
        attachment_ids=distinct_uuids(
            "content.attachment_ids", content.attachment_ids, maximum=MOST_ATTACHMENTS
        ),
    )


def _reply_period(content: wire.DraftContent) -> int:
    """Kept as it was given: 0 stays 0."""
    reply_period_days("content.reply_period_days", content.reply_period_days, allowed=content.reply_allowed)
    return content.reply_period_days


def _purpose(value: int) -> Purpose | None:
    if not value:
        return None
    try:
        return Purpose(value)
    except ValueError:
        raise invalid("content.purpose", "must be one of the purposes") from None


def _version(value: int) -> int:
    if value < 1:
        raise invalid("version", "must be 1 or more")
    return value
