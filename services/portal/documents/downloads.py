"""Gives a message's or a draft's documents to the person who pressed the button: to keep, or to look at in a
frame."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import partial
from typing import Final, TypeAlias, TypeVar

from grpc import aio
from starlette.responses import Response
from starlette.routing import Route

from chassis import logs
from chassis.grpc_client import AioRpcError, refusal_of
from chassis.refusal import Refusal, Status
from praxispost.attachments.v1.attachments_pb2 import (
    DownloadAttachmentRequest,
    DownloadAttachmentResponse,
    ShowAttachmentRequest,
    ShowAttachmentResponse,
)
from praxispost.messaging.v1.drafts_pb2 import GetDraftRequest
from praxispost.messaging.v1.messaging_pb2 import MessageAttachment, OpenMessageRequest
from services.portal.documents import refused
from services.portal.documents.delivery import Delivery
from services.portal.documents.frames import (
    PAPERS,
    PICTURES,
    pages_in_frame,
    picture_in_frame,
)
from services.portal.documents.naming import as_download, download_type
from services.portal.documents.refused import NotGiven, Problem, download_refused
from services.portal.frames import sandboxed, sentence_in_frame
from services.portal.people import Person, SessionEnded
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit

_LOG = logs.get(__name__)
# The largest document on a slow line.
_SECONDS: Final = 3_600.0
_CHUNK: Final = 262_144
_Granted: TypeAlias = Callable[[Visit, Person], Awaitable[Iterable[MessageAttachment]]]
_Download: TypeAlias = "aio.UnaryStreamCall[DownloadAttachmentRequest, DownloadAttachmentResponse]"
_Show: TypeAlias = "aio.UnaryStreamCall[ShowAttachmentRequest, ShowAttachmentResponse]"
_Part = TypeVar("_Part")


class Downloads:
    """Downloads and previews. The grant for a document comes with the opening of its message, and that counts
    as reading: so all of them are POSTs, a person's own act."""

    def __init__(self, tools: Tools) -> None:
        self._services = tools.services

    def routes(self, routing: Routing) -> list[Route]:
        """Their paths."""
        routes: list[Route] = []
        for make, parent, granted in (
            (routing.staff, "/practice/messages/{message_id}", self._of_message),
            (routing.staff, "/practice/drafts/{draft_id}", self._of_draft),
            (routing.account, "/mailbox/messages/{practice_id}/{message_id}", self._of_message),
        ):
            path = f"{parent}/attachments/{{attachment_id}}"
            routes += [
                make(path, partial(self.download, granted), methods=["POST"]),
                make(f"{path}/preview", partial(self.preview, granted), methods=["POST"]),
            ]
        return routes

    async def download(self, granted: _Granted, visit: Visit, person: Person) -> Response:
        """The document, to keep; `original`: a photo as it came, where the practice has it."""
        try:
            document = await self._granted(granted, visit, person)
            call = await self._download(visit, person, document, original=visit.form.has("original"))
            parts = aiter(call)
            header = (await begun(parts)).header
        except NotGiven as refusal:
            text = visit.words.say(refusal.problem.text)
            status = refusal.problem.status
            return visit.page("documents/not_given.html", status=status, person=person, text=text)
        headers = sandboxed(framed=False) | {
            "Content-Type": download_type(header.media_type),
            "Content-Disposition": as_download(header.file_name),
            "Content-Length": str(header.size),
        }
        return Delivery(call, (part.chunk async for part in parts), headers)

    async def preview(self, granted: _Granted, visit: Visit, person: Person) -> Response:
        """The document, to look at in a frame."""
        try:
            document = await self._granted(granted, visit, person)
            if document.media_type in PICTURES:
                download = await self._download(visit, person, document)
                chunks = aiter(download)
                await begun(chunks)
                return picture_in_frame(visit, document, download, chunks)
            if document.media_type in PAPERS:
                show = await self._show(visit, person, document)
                pages = aiter(show)
                return pages_in_frame(visit, (await begun(pages)).document, show, pages)
            raise NotGiven(refused.NOT_SHOWN)
        except NotGiven as refusal:
            problem = refusal.problem
            return sentence_in_frame(visit, problem.status, visit.words.say(problem.text))

    async def _of_message(self, visit: Visit, person: Person) -> Iterable[MessageAttachment]:
        practice_id = visit.request.path_params.get("practice_id", "")
        request = OpenMessageRequest(practice_id=practice_id, message_id=visit.argument("message_id"))
        return (await person.ask(self._services.messaging.OpenMessage, request)).message.attachments

    async def _of_draft(self, visit: Visit, person: Person) -> Iterable[MessageAttachment]:
        request = GetDraftRequest(draft_id=visit.argument("draft_id"))
        return (await person.ask(self._services.drafts.GetDraft, request)).draft.attachments

    async def _granted(self, granted: _Granted, visit: Visit, person: Person) -> MessageAttachment:
        """The document that the path names, with its grant. Raises NotGiven."""
        try:
            attachments = {each.id: each for each in await granted(visit, person)}
        except Refusal as refusal:
            raise NotGiven(download_refused(refusal)) from refusal
        attachment = attachments.get(visit.argument("attachment_id"))
        if attachment is None:
            raise NotGiven(refused.NOT_HERE)
        return attachment

    async def _download(
        self, visit: Visit, person: Person, document: MessageAttachment, *, original: bool = False
    ) -> _Download:
        request = DownloadAttachmentRequest(
            practice_id=visit.request.path_params.get("practice_id", ""),
            attachment_id=document.id,
            grant=document.grant,
            original=original,
            max_chunk_bytes=_CHUNK,
        )
        metadata = await person.metadata("attachments")
        return self._services.attachments.DownloadAttachment(request, metadata=metadata, timeout=_SECONDS)

    async def _show(self, visit: Visit, person: Person, document: MessageAttachment) -> _Show:
        request = ShowAttachmentRequest(
            practice_id=visit.request.path_params.get("practice_id", ""),
            attachment_id=document.id,
            grant=document.grant,
        )
        metadata = await person.metadata("attachments")
        return self._services.attachments.ShowAttachment(request, metadata=metadata, timeout=_SECONDS)


async def begun(parts: AsyncIterator[_Part]) -> _Part:
    """The first part of a stream. Raises NotGiven where it is refused."""
    try:
        return await anext(parts)
    except StopAsyncIteration as error:
        raise NotGiven(refused.LATER) from error
    except AioRpcError as error:
        raise NotGiven(_problem(error)) from error


def _problem(error: AioRpcError) -> Problem:
    refusal = refusal_of(error)
    if refusal is None or refusal.status is Status.UNAVAILABLE:
        _LOG.warning("document cannot be fetched", code=error.code())
        return refused.LATER
    if refusal.reason == "TOKEN_REFUSED":
        raise SessionEnded from error
    return download_refused(refusal)
