"""Translates between the contract of AttachmentService and its use cases."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from grpc import aio

from chassis.caller import Caller
from chassis.grpc_server import caller
from chassis.refusal import invalid
from chassis.validation import distinct_uuids, optional_uuid, required_uuid
from praxispost.attachments.v1 import attachments_pb2 as pb
from praxispost.attachments.v1 import attachments_pb2_grpc
from services.attachments import refusals
from services.attachments.claims import Claimed, Claims
from services.attachments.domain import (
    Claim,
    Header,
    check_may_upload,
    checked_chunk_size,
    checked_file_name,
    checked_media_type,
    checked_sha256,
    checked_size,
)
from services.attachments.downloads import Downloads, Wish
from services.attachments.requests import hearing_out, take_chunks, take_header
from services.attachments.serialized_chunks import serialized_chunk
from services.attachments.showing import Showing
from services.attachments.uploads import Uploads
from services.attachments.withdrawals import Withdrawals

_MOST_CLAIMED = 10
_CHUNK = 65_536


class AttachmentServicer(attachments_pb2_grpc.AttachmentServiceServicer):
    """Answers AttachmentService."""

    def __init__(
        self,
        *,
        uploads: Uploads,
        downloads: Downloads,
        showing: Showing,
        claims: Claims,
        withdrawals: Withdrawals,
    ) -> None:
        self._uploads = uploads
        self._downloads = downloads
        self._showing = showing
        self._claims = claims
        self._withdrawals = withdrawals

    async def UploadAttachment(
        self,
        request_iterator: AsyncIterator[pb.UploadAttachmentRequest],
        context: aio.ServicerContext[pb.UploadAttachmentRequest, pb.UploadAttachmentResponse],
    ) -> pb.UploadAttachmentResponse:
        async with hearing_out(request_iterator):
            header = _header(caller(), await take_header(request_iterator))
            uploaded = await self._uploads.upload(caller(), header, take_chunks(request_iterator))
        expires_at = Timestamp()
        expires_at.FromDatetime(uploaded.expires_at)
        return pb.UploadAttachmentResponse(
            attachment_id=str(uploaded.attachment_id),
            size=uploaded.content.size,
            sha256=uploaded.content.sha256,
            sniffed_media_type=uploaded.content.sniffed_type,
            expires_at=expires_at,
        )

    async def DownloadAttachment(
        self,
        request: pb.DownloadAttachmentRequest,
        context: aio.ServicerContext[pb.DownloadAttachmentRequest, pb.DownloadAttachmentResponse],
    ) -> AsyncIterator[Any]:
        """Responses, of which those with a chunk are serialized already."""
        download = await self._downloads.open(caller(), _wish(caller(), request))
        async with aclosing(self._downloads.chunks(download, serialized_chunk)) as chunks:
            yield pb.DownloadAttachmentResponse(
                header=pb.DownloadHeader(
                    file_name=download.file_name,
                    media_type=download.media_type,
                    size=download.size,
                    sha256=download.sha256,
                    original_kept=download.original_kept,
                )
            )
            async for chunk in chunks:
                yield chunk

    async def ShowAttachment(
        self,
        request: pb.ShowAttachmentRequest,
        context: aio.ServicerContext[pb.ShowAttachmentRequest, pb.ShowAttachmentResponse],
    ) -> AsyncIterator[pb.ShowAttachmentResponse]:
        with self._showing.place(caller()):
            shown = await self._showing.open(caller(), _look(caller(), request))
            async with aclosing(shown.pages) as pages:
                document = pb.ShownDocument(file_name=shown.file_name, page_count=shown.page_count)
                yield pb.ShowAttachmentResponse(document=document)
                async for page in pages:
                    begin = pb.ShownPage(size=len(page.picture), text=page.text)
                    yield pb.ShowAttachmentResponse(page=begin)
                    for start in range(0, len(page.picture), _CHUNK):
                        yield pb.ShowAttachmentResponse(chunk=page.picture[start : start + _CHUNK])

    async def ClaimAttachments(
        self,
        request: pb.ClaimAttachmentsRequest,
        context: aio.ServicerContext[pb.ClaimAttachmentsRequest, pb.ClaimAttachmentsResponse],
    ) -> pb.ClaimAttachmentsResponse:
        claimed = await self._claims.claim(_claim(request))
        return pb.ClaimAttachmentsResponse(attachments=[_claimed(each) for each in claimed])

    async def WithdrawAttachments(
        self,
        request: pb.WithdrawAttachmentsRequest,
        context: aio.ServicerContext[pb.WithdrawAttachmentsRequest, pb.WithdrawAttachmentsResponse],
    ) -> pb.WithdrawAttachmentsResponse:
        await self._withdrawals.withdraw(
            required_uuid("practice_id", request.practice_id), required_uuid("message_id", request.message_id)
        )
        return pb.WithdrawAttachmentsResponse()

    async def EraseAttachments(
        self,
        request: pb.EraseAttachmentsRequest,
        context: aio.ServicerContext[pb.EraseAttachmentsRequest, pb.EraseAttachmentsResponse],
    ) -> pb.EraseAttachmentsResponse:
        practice_id = required_uuid("practice_id", request.practice_id)
        message_id = required_uuid("message_id", request.message_id)
        await self._withdrawals.erase(caller(), practice_id, message_id)
        return pb.EraseAttachmentsResponse()


def _header(by: Caller, header: pb.UploadHeader) -> Header:
    request_id = required_uuid("header.request_id", header.request_id)
    practice_id = optional_uuid("header.practice_id", header.practice_id)
    patient_id = required_uuid("header.patient_id", header.patient_id)
    checked = {
        "file_name": checked_file_name("header.file_name", header.file_name),
        "media_type": checked_media_type("header.media_type", header.media_type),
    }
    size = checked_size("header.size", header.size)
    sha256 = checked_sha256("header.sha256", header.sha256)
    return Header(
        request_id=request_id,
        practice_id=check_may_upload(by, practice_id, patient_id),
        patient_id=patient_id,
        size=size,
        sha256=sha256,
        keep_original=header.keep_original,
        **checked,
    )


def _wish(by: Caller, request: pb.DownloadAttachmentRequest) -> Wish:
    practice_id = optional_uuid("practice_id", request.practice_id)
    attachment_id = required_uuid("attachment_id", request.attachment_id)
    if request.offset < 0:
        raise invalid("offset", "must not be negative")
    return Wish(
        _own_practice(by, practice_id),
        attachment_id,
        request.grant,
        request.offset,
        request.original,
        checked_chunk_size("max_chunk_bytes", request.max_chunk_bytes),
    )


def _look(by: Caller, request: pb.ShowAttachmentRequest) -> Wish:
    practice_id = optional_uuid("practice_id", request.practice_id)
    attachment_id = required_uuid("attachment_id", request.attachment_id)
    return Wish(_own_practice(by, practice_id), attachment_id, request.grant, offset=0)


def _own_practice(by: Caller, practice_id: UUID | None) -> UUID:
    if practice_id is None and by.tenant_id is None:
        raise invalid("practice_id", "is required")
    own = practice_id or by.tenant_id
    if own not in by.tenants:
        raise refusals.grant_refused()
    return own


def _claim(request: pb.ClaimAttachmentsRequest) -> Claim:
    return Claim(
        practice_id=required_uuid("practice_id", request.practice_id),
        patient_id=required_uuid("patient_id", request.patient_id),
        message_id=required_uuid("message_id", request.message_id),
        uploader_id=required_uuid("uploader_id", request.uploader_id),
        attachment_ids=distinct_uuids(
            "attachment_ids", request.attachment_ids, minimum=1, maximum=_MOST_CLAIMED
        ),
    )


def _claimed(claimed: Claimed) -> pb.ClaimedAttachment:
    return pb.ClaimedAttachment(
        id=str(claimed.id),
        file_name=claimed.file_name,
        media_type=claimed.media_type,
        size=claimed.size,
        sha256=claimed.sha256,
    )
