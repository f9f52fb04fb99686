"""Documents go through the portal as they come, and what breaks off is not taken for the whole."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import StatusCode, aio
from starlette.types import ASGIApp, Message

from chassis.refusal import Refusal, Status, invalid
from chassis.rich_status import to_rpc_status
from chassis.settings import Secret
from chassis.telemetry import Telemetry
from praxispost.attachments.v1 import attachments_pb2, attachments_pb2_grpc
from praxispost.identity.v1 import tokens_pb2, tokens_pb2_grpc
from praxispost.messaging.v1 import messaging_pb2, messaging_pb2_grpc
from services.portal import cookies
from services.portal.application import application
from services.portal.form_tokens import FormTokens
from services.portal.people import People
from services.portal.services import Services
from services.portal.settings import WebSettings
from services.portal.tools import Tools
from services.portal.typing_keys import TypingKeys

_KEY = Secret("0123456789abcdef0123456789abcdef")
_VISIT = "a-visit"
_LARGEST = 1_000_000
_PATIENT, _MESSAGE, _ATTACHMENT = (str(uuid4()) for _ in range(3))
_UPLOADS = f"/practice/patients/{_PATIENT}/attachments"
_DOCUMENT = f"/practice/messages/{_MESSAGE}/attachments/{_ATTACHMENT}"
_END = {"type": "http.request", "body": b"", "more_body": False}
_GONE = {"type": "http.disconnect"}


@dataclass
class Others:
    """The other services: what they are asked, and what they answer."""

    refusal: Refusal | None = None
    headers: list[attachments_pb2.UploadHeader] = field(default_factory=list)
    chunks: list[int] = field(default_factory=list)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)
    name: str = "Befund.pdf"
    media_type: str = "application/pdf"
    parts: Sequence[bytes] = (b"x" * 65_536,) * 3
    breaks_off: bool = False
    waits: asyncio.Event | None = None


async def _refused(
    context: aio.ServicerContext[
        attachments_pb2.UploadAttachmentRequest, attachments_pb2.UploadAttachmentResponse
    ],
    refusal: Refusal,
) -> None:
    status = to_rpc_status(refusal, "attachments.praxispost")
    details = (("grpc-status-details-bin", status.SerializeToString()),)
    await context.abort(StatusCode[refusal.status.name], refusal.message, details)


class _Attachments(attachments_pb2_grpc.AttachmentServiceServicer):
    def __init__(self, others: Others) -> None:
        self._others = others

    async def UploadAttachment(
        self,
        request_iterator: AsyncIterator[attachments_pb2.UploadAttachmentRequest],
        context: aio.ServicerContext[
            attachments_pb2.UploadAttachmentRequest, attachments_pb2.UploadAttachmentResponse
        ],
    ) -> attachments_pb2.UploadAttachmentResponse:
        others = self._others
        try:
            async for part in request_iterator:
                if part.HasField("header"):
                    others.headers.append(part.header)
                else:
                    others.chunks.append(len(part.chunk))
        except BaseException:
            others.cancelled.set()
            raise
        if others.refusal is not None:
            await _refused(context, others.refusal)
        return attachments_pb2.UploadAttachmentResponse(attachment_id=_ATTACHMENT, size=sum(others.chunks))

    async def DownloadAttachment(
        self,
        request: attachments_pb2.DownloadAttachmentRequest,
        context: aio.ServicerContext[
            attachments_pb2.DownloadAttachmentRequest, attachments_pb2.DownloadAttachmentResponse
        ],
    ) -> AsyncIterator[attachments_pb2.DownloadAttachmentResponse]:
        others = self._others
        size = sum(len(part) for part in others.parts)
        header = attachments_pb2.DownloadHeader(
            file_name=others.name, media_type=others.media_type, size=size
        )
        yield attachments_pb2.DownloadAttachmentResponse(header=header)
        try:
            for part in others.parts:
                yield attachments_pb2.DownloadAttachmentResponse(chunk=part)
                if others.breaks_off:
                    await context.abort(StatusCode.UNAVAILABLE, "gone")
            if others.waits is not None:
                await others.waits.wait()
        except BaseException:
            others.cancelled.set()
            raise


class _Tokens(tokens_pb2_grpc.TokenServiceServicer):
    async def ExchangeSession(
        self,
        request: tokens_pb2.ExchangeSessionRequest,
        context: aio.ServicerContext[tokens_pb2.ExchangeSessionRequest, tokens_pb2.ExchangeSessionResponse],
    ) -> tokens_pb2.ExchangeSessionResponse:
        ends = Timestamp()
        ends.FromDatetime(datetime.now(UTC) + timedelta(seconds=60))
        return tokens_pb2.ExchangeSessionResponse(
            token="t", expires_at=ends, subject_id=str(uuid4()), role="physician", practice_id=str(uuid4())
        )


class _Messaging(messaging_pb2_grpc.MessagingServiceServicer):
    async def OpenMessage(
        self,
        request: messaging_pb2.OpenMessageRequest,
        context: aio.ServicerContext[messaging_pb2.OpenMessageRequest, messaging_pb2.OpenMessageResponse],
    ) -> messaging_pb2.OpenMessageResponse:
        attachment = messaging_pb2.MessageAttachment(id=_ATTACHMENT, media_type="application/pdf", grant="g")
        message = messaging_pb2.Message(attachments=[attachment])
        return messaging_pb2.OpenMessageResponse(message=message)


@pytest.fixture
def others() -> Others:
    return Others()


@pytest.fixture
async def app(others: Others) -> AsyncIterator[ASGIApp]:
    server = aio.server()
    attachments_pb2_grpc.add_AttachmentServiceServicer_to_server(
        _Attachments(others),  # type: ignore[abstract]  # what is not asked is not there
        server,
    )
    tokens_pb2_grpc.add_TokenServiceServicer_to_server(
        _Tokens(),  # type: ignore[abstract]  # what is not asked is not there
        server,
    )
    messaging_pb2_grpc.add_MessagingServiceServicer_to_server(
        _Messaging(),  # type: ignore[abstract]  # what is not asked is not there
        server,
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        services = Services(channel, channel, channel, channel)

        def now() -> datetime:
            return datetime.now(UTC)

        tools = Tools(
            services,
            People(services, now),
            now,
            lambda: 0.0,
            uuid4,
            asyncio.Event(),
            0,
            TypingKeys(_KEY),
            max_attachment_bytes=_LARGEST,
        )
        settings = WebSettings("-", "-", "-", "-", "-", Secret("-"), _KEY, http_port=0, metrics_port=0)
        yield application(settings, tools, Telemetry("portal", "web", 0))
    await server.stop(None)


class Exchange:
    """One request, message by message, and what came back."""

    def __init__(self, app: ASGIApp, path: str, incoming: Sequence[Message], **headers: str) -> None:
        self._app = app
        sent = {
            "cookie": f"{cookies.VISIT}={_VISIT}; {cookies.STAFF}=session",
            "x-form-token": FormTokens(_KEY).make(_VISIT),
            "x-upload-id": str(uuid4()),
            "x-file-name": "Befund.pdf",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "https",
            "query_string": b"",
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
            "client": ("127.0.0.1", 1),
            "server": ("portal.example", 443),
        }
        self._incoming = list(incoming)
        self.asked = 0
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""
        self.is_whole = False

    async def run(self) -> "Exchange":
        """Let the portal answer."""
        await self._app(self._scope, self._receive, self._send)
        return self

    async def _receive(self) -> Message:
        self.asked += 1
        if self._incoming:
            return self._incoming.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
            return
        self.body += message.get("body", b"")
        self.is_whole = not message.get("more_body", False)


def _body(*pieces: int) -> list[Message]:
    return [*({"type": "http.request", "body": b"x" * each, "more_body": True} for each in pieces), _END]


async def test_a_document_goes_through_in_chunks(app: ASGIApp, others: Others) -> None:
    name = quote('Größe "neu".pdf', safe="")
    sent = _body(200_000, 1, 65_536)
    exchange = await Exchange(
        app, _UPLOADS, sent, content_length="265537", x_file_name=name, x_file_type="image/png"
    ).run()
    assert (exchange.status, json.loads(exchange.body)["id"]) == (201, _ATTACHMENT)
    [header] = others.headers
    assert (header.file_name, header.media_type) == ('Größe "neu".pdf', "image/png")
    assert (header.size, header.patient_id, header.keep_original) == (265_537, _PATIENT, False)
    assert sum(others.chunks) == 265_537
    assert max(others.chunks) <= 65_536


async def test_what_the_browser_breaks_off_is_not_taken_for_the_whole(app: ASGIApp, others: Others) -> None:
    sent = [*_body(100_000)[:-1], _GONE]
    await Exchange(app, _UPLOADS, sent, content_length="200000").run()
    async with asyncio.timeout(5):
        await others.cancelled.wait()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_length": str(_LARGEST + 1)}, 413),
        ({"content_length": "9" * 40}, 413),
        ({"content_length": "-1"}, 411),
        ({"content_length": "0"}, 400),
        ({}, 411),
        ({"content_length": "5", "x_file_name": "%ff"}, 400),
        ({"content_length": "5", "x_file_name": ""}, 400),
    ],
)
async def test_what_cannot_be_taken_is_refused_before_its_bytes(
    app: ASGIApp, others: Others, headers: dict[str, str], status: int
) -> None:
    exchange = await Exchange(app, _UPLOADS, _body(5), **headers).run()
    assert exchange.status == status
    assert json.loads(exchange.body)["problem"]
    assert (exchange.asked, others.headers) == (0, [])


@pytest.mark.parametrize(
    ("refusal", "status", "says", "again"),
    [
        (invalid("header.file_name", "bad"), 400, "Dateiname", False),
        (invalid("header.request_id", "bad"), 404, "neu", False),
        (Refusal(Status.RESOURCE_EXHAUSTED, "QUOTA_EXCEEDED", ""), 409, "Speicherplatz", False),
        (Refusal(Status.RESOURCE_EXHAUSTED, "TOO_MANY_UPLOADS", ""), 429, "mehrere", True),
        (Refusal(Status.INVALID_ARGUMENT, "PHOTO_UNREADABLE", ""), 400, "PDF", False),
        (Refusal(Status.UNAVAILABLE, "STORE_UNAVAILABLE", ""), 503, "Minute", True),
        (Refusal(Status.INVALID_ARGUMENT, "MALWARE_FOUND", ""), 400, "schädlich", False),
        (Refusal(Status.UNAVAILABLE, "SCANNER_UNAVAILABLE", ""), 503, "Viren", True),
        (Refusal(Status.ABORTED, "UPLOAD_IN_PROGRESS", ""), 409, "Dieselbe", True),
    ],
)
async def test_a_refusal_is_a_sentence(
    app: ASGIApp, others: Others, refusal: Refusal, status: int, says: str, again: bool
) -> None:
    others.refusal = refusal
    exchange = await Exchange(app, _UPLOADS, _body(5), content_length="5").run()
    answer = json.loads(exchange.body)
    assert (exchange.status, answer["again"]) == (status, again)
    assert says in answer["problem"]


async def test_a_download_is_kept_and_runs_nothing(app: ASGIApp, others: Others) -> None:
    others.name, others.media_type = 'a\r\nX: \u202e".html', "text/html"
    exchange = await Exchange(app, _DOCUMENT, [_END]).run()
    assert (exchange.status, exchange.body, exchange.is_whole) == (200, b"".join(others.parts), True)
    assert exchange.headers["content-type"] == "application/octet-stream"
    assert exchange.headers["content-length"] == str(len(exchange.body))
    disposition = exchange.headers["content-disposition"]
    assert disposition.startswith("attachment;")
    assert disposition.isprintable()
    assert disposition.isascii()
    assert exchange.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert exchange.headers["x-content-type-options"] == "nosniff"
    assert exchange.headers["cache-control"] == "no-store"


async def test_a_download_that_breaks_off_is_not_whole(app: ASGIApp, others: Others) -> None:
    others.breaks_off = True
    exchange = await Exchange(app, _DOCUMENT, [_END]).run()
    assert exchange.status == 200
    assert not exchange.is_whole
    assert int(exchange.headers["content-length"]) > len(exchange.body)


async def test_a_browser_that_goes_away_ends_the_download(app: ASGIApp, others: Others) -> None:
    others.waits = asyncio.Event()
    await Exchange(app, _DOCUMENT, [_GONE]).run()
    async with asyncio.timeout(5):
        await others.cancelled.wait()


async def test_an_attachment_of_another_message_is_not_there(app: ASGIApp) -> None:
    other = f"/practice/messages/{_MESSAGE}/attachments/{uuid4()}"
    assert (await Exchange(app, other, [_END]).run()).status == 404
    framed = await Exchange(app, f"{other}/preview", [_END]).run()
    assert framed.status == 404
    assert "frame-ancestors 'self'" in framed.headers["content-security-policy"]
