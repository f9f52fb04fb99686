"""Takes documents from a browser, one a request as its plain body, and passes them on while they come."""

from collections.abc import AsyncIterator
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from chassis import logs
from chassis.grpc_client import AioRpcError, refusal_of
from praxispost.attachments.v1.attachments_pb2 import (
    UploadAttachmentRequest,
    UploadAttachmentResponse,
    UploadHeader,
)
from services.portal.documents import refused
from services.portal.documents.naming import decoded_name, decoded_type
from services.portal.documents.refused import Problem, upload_refused
from services.portal.people import Person, SessionEnded
from services.portal.routing import Routing
from services.portal.tools import Tools
from services.portal.visits import FORM_TYPE, Visit

_LOG = logs.get(__name__)
_LARGEST_CHUNK: Final = 65_536
# A telephone far from its mast; a call that nobody answers ends earlier, by keepalive.
_SECONDS: Final = 3_600.0
NAME_HEADER: Final = "X-File-Name"
TYPE_HEADER: Final = "X-File-Type"
ID_HEADER: Final = "X-Upload-Id"
ORIGINAL_HEADER: Final = "X-Keep-Original"


class Uploads:
    """The uploads of both sides. They answer a page's script, in JSON: with the attachment's id, or with a
    sentence and whether the same again may work.

    The same upload id with the same file gives the same attachment, so an upload whose answer was lost is
    simply made again.
    """

    def __init__(self, tools: Tools) -> None:
        self._attachments = tools.services.attachments
        self._largest = tools.max_attachment_bytes

    def routes(self, routing: Routing) -> list[Route]:
        """Their paths; GET tells a script that it may go on, before it sends a whole file again."""
        practice = "/practice/patients/{patient_id}/attachments"
        mailbox = "/mailbox/practices/{practice_id}/patients/{patient_id}/attachments"
        return [
            routing.staff(practice, self.ready),
            routing.staff(practice, self.take, methods=["POST"]),
            routing.account(mailbox, self.ready),
            routing.account(mailbox, self.take, methods=["POST"]),
        ]

    async def ready(self, visit: Visit, person: Person) -> Response:
        """The portal is there, and the person is logged in."""
        return Response(status_code=204)

    async def take(self, visit: Visit, person: Person) -> Response:
        """Take one document."""
        if visit.request.headers.get("content-type", "").startswith(FORM_TYPE):
            raise HTTPException(415)
        header = self._header(visit)
        if isinstance(header, Problem):
            return _answered(visit, header)
        metadata = await person.metadata("attachments")
        parts = _Parts(header, visit.request)
        call = self._attachments.UploadAttachment(parts.all(), metadata=metadata, timeout=_SECONDS)
        try:
            uploaded: UploadAttachmentResponse = await call
        except AioRpcError as error:
            return _answered(visit, _problem(visit, person, error))
        except BaseException:
            # The parts broke off: the call must not look as if the document ended here.
            call.cancel()
            if parts.broken is None:
                raise
            if isinstance(parts.broken, ClientDisconnect):
                return Response(status_code=400)
            raise parts.broken from None
        return JSONResponse({"id": uploaded.attachment_id, "size": visit.words.size(uploaded.size)}, 201)

    def _header(self, visit: Visit) -> UploadHeader | Problem:
        """What the request says of the document; what is wrong with it is known before its bytes come."""
        headers = visit.request.headers
        length = headers.get("content-length", "")
        if not length.isdecimal():
            return refused.NO_LENGTH
        if len(length) > 18 or int(length) > self._largest:
            return refused.too_large(visit.words, self._largest)
        if int(length) == 0:
            return refused.EMPTY
        name = decoded_name(headers.get(NAME_HEADER, ""))
        if name is None:
            return refused.NAME
        return UploadHeader(
            request_id=headers.get(ID_HEADER, ""),
            practice_id=visit.request.path_params.get("practice_id", ""),
            patient_id=visit.argument("patient_id"),
            file_name=name,
            media_type=decoded_type(headers.get(TYPE_HEADER, "")),
            size=int(length),
            keep_original=ORIGINAL_HEADER in headers,
        )


class _Parts:
    """The parts of an upload as they come from the browser, asked for one by one. `broken`: what ended them
    before their end."""

    def __init__(self, header: UploadHeader, request: Request) -> None:
        self._header = header
        self._request = request
        self.broken: Exception | None = None

    async def all(self) -> AsyncIterator[UploadAttachmentRequest]:
        """The header, then the chunks."""
        yield UploadAttachmentRequest(header=self._header)
        try:
            async for piece in self._request.stream():
                for start in range(0, len(piece), _LARGEST_CHUNK):
                    yield UploadAttachmentRequest(chunk=piece[start : start + _LARGEST_CHUNK])
        except Exception as error:
            self.broken = error
            raise


def _problem(visit: Visit, person: Person, error: AioRpcError) -> Problem:
    refusal = refusal_of(error)
    if refusal is None:
        _LOG.warning("upload failed", code=error.code())
        return refused.LATER
    if refusal.reason == "TOKEN_REFUSED":
        raise SessionEnded from error
    return upload_refused(refusal, visit.words, practice_side=person.practice_id != "")


def _answered(visit: Visit, problem: Problem) -> Response:
    answer = {"problem": visit.words.say(problem.text), "again": problem.again}
    return JSONResponse(answer, problem.status)
