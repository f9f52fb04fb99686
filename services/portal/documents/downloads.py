"""Gives a message's or a draft's documents to the person who pressed the button: to keep, or to look at in a
frame."""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Final, TypeAlias

from starlette.responses import Response
from starlette.routing import Route

from chassis import logs
from chassis.grpc_client import AioRpcError, refusal_of
from chassis.refusal import Refusal, Status
from praxispost.attachments.v1.attachments_pb2 import DownloadAttachmentRequest
from praxispost.messaging.v1.drafts_pb2 import GetDraftRequest
from praxispost.messaging.v1.messaging_pb2 import MessageAttachment, OpenMessageRequest
from services.portal.documents import refused
from services.portal.documents.delivery import Coming, Delivery, chunks, document_headers
from services.portal.documents.frames import PICTURES, picture_in_frame, sentence_in_frame
from services.portal.documents.naming import as_download, download_type
from services.portal.documents.refused import Problem, download_refused
from services.portal.people import Person, SessionEnded
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import Visit

_LOG = logs.get(__name__)
# The largest document on a slow line.
_SECONDS: Final = 3_600.0
_Granted: TypeAlias = Callable[[Visit, Person], Awaitable[Iterable[MessageAttachment]]]


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
        coming = await self._begin(granted, visit, person, original=visit.form.has("original"))
        if isinstance(coming, Problem):
            text = visit.words.say(coming.text)
            return visit.page("documents/not_given.html", status=coming.status, person=person, text=text)
        headers = document_headers(framed=False) | {
            "Content-Type": download_type(coming.header.media_type),
            "Content-Disposition": as_download(coming.header.file_name),
            "Content-Length": str(coming.header.size),
        }
        return Delivery(coming.call, chunks(coming), headers)

    async def preview(self, granted: _Granted, visit: Visit, person: Person) -> Response:
        """The document, to look at in a frame."""
        coming = await self._begin(granted, visit, person)
        if isinstance(coming, Problem):
            return sentence_in_frame(visit, coming)
        if coming.header.media_type not in PICTURES:
            coming.call.cancel()
            return sentence_in_frame(visit, refused.NOT_SHOWN)
        return picture_in_frame(visit, coming)

    async def _of_message(self, visit: Visit, person: Person) -> Iterable[MessageAttachment]:
        practice_id = visit.request.path_params.get("practice_id", "")
        request = OpenMessageRequest(practice_id=practice_id, message_id=visit.argument("message_id"))
        return (await person.ask(self._services.messaging.OpenMessage, request)).message.attachments

    async def _of_draft(self, visit: Visit, person: Person) -> Iterable[MessageAttachment]:
        request = GetDraftRequest(draft_id=visit.argument("draft_id"))
        return (await person.ask(self._services.drafts.GetDraft, request)).draft.attachments

    async def _begin(
        self, granted: _Granted, visit: Visit, person: Person, *, original: bool = False
    ) -> Coming | Problem:
        """Open the message, and the download with its grant, as far as its header."""
        try:
            attachments = {each.id: each for each in await granted(visit, person)}
        except Refusal as refusal:
            return download_refused(refusal)
        attachment = attachments.get(visit.argument("attachment_id"))
        if attachment is None:
            return refused.NOT_HERE
        request = DownloadAttachmentRequest(
            practice_id=visit.request.path_params.get("practice_id", ""),
            attachment_id=attachment.id,
            grant=attachment.grant,
            original=original,
        )
        metadata = await person.metadata("attachments")
        call = self._services.attachments.DownloadAttachment(request, metadata=metadata, timeout=_SECONDS)
        parts = aiter(call)
        try:
            return Coming((await anext(parts)).header, parts, call)
        except AioRpcError as error:
            return _problem(error)
        except StopAsyncIteration:
            return refused.LATER


def _problem(error: AioRpcError) -> Problem:
    refusal = refusal_of(error)
    if refusal is None or refusal.status is Status.UNAVAILABLE:
        _LOG.warning("download cannot begin", code=error.code())
        return refused.LATER
    if refusal.reason == "TOKEN_REFUSED":
        raise SessionEnded from error
    return download_refused(refusal)
