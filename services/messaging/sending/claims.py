"""Claims uploaded documents for a message at the service that keeps them."""

from typing import Protocol
from uuid import UUID

import grpc

from chassis.grpc_client import AioRpcError, as_unavailable, is_passing, refusal_of
from chassis.refusal import Refusal
from praxispost.attachments.v1 import attachments_pb2, attachments_pb2_grpc
from services.messaging import refusals
from services.messaging.sending.domain import Attachment


class Claims(Protocol):
    """Who ties documents to messages."""

    async def claim(
        self,
        *,
        practice_id: UUID,
        patient_id: UUID,
        message_id: UUID,
        uploader_id: UUID,
        attachment_ids: tuple[UUID, ...],
    ) -> tuple[Attachment, ...]:
        """The documents, now the message's, in the order asked; the same claim again changes nothing.

        Refuses ATTACHMENT_NOT_FOUND, DEPENDENCY_UNAVAILABLE.
        """

    async def withdraw(self, practice_id: UUID, message_id: UUID) -> None:
        """From now on the patient's side gets none of the message's documents, whatever grants it has.

        Refuses DEPENDENCY_UNAVAILABLE.
        """

    async def erase(self, practice_id: UUID, message_id: UUID) -> None:
        """From now on nobody can open the message's documents; refuses DEPENDENCY_UNAVAILABLE."""


class AttachmentClaims:
    """The claims of attachments' AttachmentService."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._attachments = attachments_pb2_grpc.AttachmentServiceStub(channel)

    async def claim(
        self,
        *,
        practice_id: UUID,
        patient_id: UUID,
        message_id: UUID,
        uploader_id: UUID,
        attachment_ids: tuple[UUID, ...],
    ) -> tuple[Attachment, ...]:
        """The documents, now the message's; without any, nobody is asked."""
        if not attachment_ids:
            return ()
        request = attachments_pb2.ClaimAttachmentsRequest(
            practice_id=str(practice_id),
            patient_id=str(patient_id),
            message_id=str(message_id),
            uploader_id=str(uploader_id),
            attachment_ids=[str(each) for each in attachment_ids],
        )
        try:
            response = await self._attachments.ClaimAttachments(request)
        except AioRpcError as error:
            raise _translated(error) from error
        return tuple(
            Attachment(UUID(each.id), each.file_name, each.media_type, each.size, each.sha256)
            for each in response.attachments
        )

    async def withdraw(self, practice_id: UUID, message_id: UUID) -> None:
        """From now on the patient's side gets none of the message's documents."""
        request = attachments_pb2.WithdrawAttachmentsRequest(
            practice_id=str(practice_id), message_id=str(message_id)
        )
        try:
            await self._attachments.WithdrawAttachments(request)
        except AioRpcError as error:
            raise _translated(error) from error

    async def erase(self, practice_id: UUID, message_id: UUID) -> None:
        """From now on nobody can open the message's documents."""
        request = attachments_pb2.EraseAttachmentsRequest(
            practice_id=str(practice_id), message_id=str(message_id)
        )
        try:
            await self._attachments.EraseAttachments(request)
        except AioRpcError as error:
            raise _translated(error) from error


def _translated(error: AioRpcError) -> Refusal | AioRpcError:
    refusal = refusal_of(error)
    if refusal is not None and refusal.reason == "ATTACHMENT_NOT_FOUND":
        return refusals.attachment_not_found(refusal.metadata.get("attachment_id", ""))
    return as_unavailable(error, "attachments") if is_passing(error) else error
