"""Answers MessagingService: from the contracts to the use cases and back."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

from grpc import aio

from chassis.caller import Caller
from chassis.paging import Position, read_position
from chassis.rpc_context import caller
from chassis.validation import distinct_uuids, optional_uuid, page_size, required_uuid
from praxispost.messaging.v1 import messaging_pb2 as wire
from praxispost.messaging.v1 import messaging_pb2_grpc
from services.messaging import presentation
from services.messaging.callers import is_account
from services.messaging.changes.listing import ChangeListing
from services.messaging.changes.watching import ChangeFeed
from services.messaging.drafts.servicer import DraftUseCases
from services.messaging.guard.cases import GuardCases
from services.messaging.reading.content import Content
from services.messaging.reading.grants import Grants
from services.messaging.reading.listing import MOST_PATIENTS, Listing
from services.messaging.reading.mailbox import Mailbox, MailboxWish
from services.messaging.reading.opening import Opening
from services.messaging.reading.pages import with_patients
from services.messaging.reading.stages import Place
from services.messaging.sending.message import MessageSending
from services.messaging.sending.reply import ReplySending
from services.messaging.sending.stream import MessageStream
from services.messaging.withdrawals.taking_back import Withdrawals
from services.messaging.work.servicer import WorkUseCases

Context: TypeAlias = aio.ServicerContext[object, object]

_USUAL_CHANGES: Final = 200
_MOST_CHANGES: Final = 1000
_MOST_LOOKED_UP: Final = 500
_MOST_OPENED: Final = 50


@dataclass(frozen=True, slots=True)
class UseCases:
    """What the servicer translates to."""

    messages: MessageSending
    stream: MessageStream
    replies: ReplySending
    opening: Opening
    listing: Listing
    mailbox: Mailbox
    changes: ChangeListing
    feed: ChangeFeed
    grants: Grants
    guard: GuardCases
    work: WorkUseCases
    withdrawals: Withdrawals
    drafts: DraftUseCases


class MessagingServicer(messaging_pb2_grpc.MessagingServiceServicer):
    """The servicer; who may call what stands in `access`."""

    def __init__(self, use_cases: UseCases) -> None:
        self._do = use_cases

    async def SendMessage(
        self, request: wire.SendMessageRequest, context: Context
    ) -> wire.SendMessageResponse:
        return await self._do.messages.send(caller(), request)

    async def SendMessages(
        self, requests: AsyncIterator[wire.SendMessagesRequest], context: Context
    ) -> AsyncIterator[wire.SendMessagesResponse]:
        async with contextlib.aclosing(self._do.stream.outcomes(caller(), requests)) as answers:
            async for answer in answers:
                yield answer

    async def SendReply(self, request: wire.SendReplyRequest, context: Context) -> wire.SendReplyResponse:
        return await self._do.replies.send(caller(), request)

    async def OpenMessage(
        self, request: wire.OpenMessageRequest, context: Context
    ) -> wire.OpenMessageResponse:
        who = caller()
        read_practice = required_uuid if is_account(who) else optional_uuid
        practice_id = read_practice("practice_id", request.practice_id)
        message_id = required_uuid("message_id", request.message_id)
        content = await self._do.opening.open(who, practice_id, message_id)
        return wire.OpenMessageResponse(message=await self._message(content, who))

    async def OpenMessages(
        self, request: wire.OpenMessagesRequest, context: Context
    ) -> wire.OpenMessagesResponse:
        who = caller()
        read_practice = required_uuid if is_account(who) else optional_uuid
        practice_id = read_practice("practice_id", request.practice_id)
        ids = distinct_uuids("message_ids", request.message_ids, minimum=1, maximum=_MOST_OPENED)
        contents = await self._do.opening.open_all(who, practice_id, ids)
        return wire.OpenMessagesResponse(messages=[await self._message(each, who) for each in contents])

    async def GetMessage(self, request: wire.GetMessageRequest, context: Context) -> wire.GetMessageResponse:
        who = caller()
        content = await self._do.opening.read(who, required_uuid("message_id", request.message_id))
        return wire.GetMessageResponse(message=await self._message(content, who))

    async def ListConversations(
        self, request: wire.ListConversationsRequest, context: Context
    ) -> wire.ListConversationsResponse:
        who = caller()
        after, size = read_position(request.page_token), page_size(request.page_size)
        patient_ids = distinct_uuids("patient_ids", request.patient_ids, maximum=MOST_PATIENTS)
        page = await self._do.listing.conversations(who, after, size, *with_patients(patient_ids))
        return wire.ListConversationsResponse(
            conversations=[presentation.conversation(each, who) for each in page.lines],
            next_page_token=_token(page.end),
        )

    async def ListMessages(
        self, request: wire.ListMessagesRequest, context: Context
    ) -> wire.ListMessagesResponse:
        who = caller()
        patient_id = required_uuid("patient_id", request.patient_id)
        after, size = read_position(request.page_token), page_size(request.page_size)
        page = await self._do.listing.history(who, patient_id, after, size)
        return wire.ListMessagesResponse(
            messages=presentation.summaries(page.messages, who), next_page_token=_token(page.end)
        )

    async def ListMailbox(
        self, request: wire.ListMailboxRequest, context: Context
    ) -> wire.ListMailboxResponse:
        who = caller()
        page = await self._do.mailbox.page(who, MailboxWish.read(request))
        return wire.ListMailboxResponse(
            messages=presentation.summaries(page.messages, who),
            next_page_token=page.next_token,
            unread=[
                wire.MailboxCount(practice_id=str(practice_id), patient_id=str(patient_id), count=many)
                for (practice_id, patient_id), many in page.unread.items()
            ],
        )

    async def GetReceipt(self, request: wire.GetReceiptRequest, context: Context) -> wire.GetReceiptResponse:
        message_id = required_uuid("message_id", request.message_id)
        message, facts = await self._do.listing.receipt(caller(), message_id)
        record = await self._do.guard.records.of(message)
        return wire.GetReceiptResponse(
            receipt=presentation.receipt(message),
            facts=[presentation.fact(each) for each in facts],
            legal_basis=record.legal_basis,
            hold_decision=presentation.hold_decision(record.decision),
        )

    async def ListChanges(
        self, request: wire.ListChangesRequest, context: Context
    ) -> wire.ListChangesResponse:
        size = page_size(request.page_size, usual=_USUAL_CHANGES, maximum=_MOST_CHANGES)
        changes, token = await self._do.changes.page(caller(), request.page_token, size)
        return wire.ListChangesResponse(
            changes=[presentation.change(each) for each in changes], next_page_token=token
        )

    async def Watch(self, request: wire.WatchRequest, context: Context) -> AsyncIterator[wire.WatchResponse]:
        async with self._do.feed.subscribe(caller()) as changes:
            yield wire.WatchResponse()
            async for change in changes:
                yield wire.WatchResponse(change=presentation.change(change))

    async def LookupAttachments(
        self, request: wire.LookupAttachmentsRequest, context: Context
    ) -> wire.LookupAttachmentsResponse:
        practice_id = required_uuid("practice_id", request.practice_id)
        attachment_ids = distinct_uuids("attachment_ids", request.attachment_ids, maximum=_MOST_LOOKED_UP)
        sent, drafted = await self._do.listing.held(practice_id, attachment_ids)
        return wire.LookupAttachmentsResponse(
            sent_ids=[str(each) for each in sent], drafted_ids=[str(each) for each in drafted]
        )

    async def _message(self, content: Content, who: Caller) -> wire.Message:
        practice_id = content.summary.message.practice_id
        grants: dict[UUID, str] = {
            each.id: await self._do.grants.grant(who.subject_id, practice_id, each.id)
            for each in content.attachments
        }
        return presentation.message(content, grants, who)


def _token(end: Position | Place | None) -> str:
    return "" if end is None else end.token()
