"""NoticeService over real gRPC, with its real relay and gateway."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from grpc import StatusCode, aio

from chassis import logs
from chassis.grpc_client import refusal_of
from praxispost.notifier.v1 import notices_pb2, notices_pb2_grpc
from tests.integration.notifier.conftest import Urls
from tests.integration.notifier.identity_stand_in import Identity, identity
from tests.integration.notifier.mail_server import MailServer, mail_server
from tests.integration.notifier.serving import serving

_EMAIL = "kanarienvogel@mail.example"
_MOBILE = "+4915112345678"
_CODE = "493817"


@dataclass
class Gateway:
    """An SMS gateway on this machine: keeps what it gets and answers with `status`."""

    port: int = 0
    status: int = 200
    received: list[dict[str, Any]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        [length] = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        self.received.append(json.loads(await reader.readexactly(int(length.split(b":")[1]))))
        writer.write(b"HTTP/1.1 %d OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % self.status)
        await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def _gateway() -> AsyncIterator[Gateway]:
    gateway = Gateway()
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    gateway.port = server.sockets[0].getsockname()[1]
    async with server:
        yield gateway


@dataclass
class Notifier:
    """The running api, what it talks to, and its client."""

    identity: Identity
    mails: MailServer
    gateway: Gateway
    client: "notices_pb2_grpc.NoticeServiceAsyncStub"
    token: str

    async def send(self, request: notices_pb2.SendNoticeRequest) -> notices_pb2.SendNoticeResponse:
        metadata = (("authorization", f"Bearer {self.token}"),)
        return await self.client.SendNotice(request, metadata=metadata, timeout=20, wait_for_ready=True)

    async def refusal(self, request: notices_pb2.SendNoticeRequest) -> tuple[StatusCode, str, list[str]]:
        with pytest.raises(aio.AioRpcError) as refused:
            await self.send(request)
        refusal = refusal_of(refused.value)
        assert refusal is not None
        return refused.value.code(), refusal.reason, [each.field for each in refusal.fields]


@contextlib.asynccontextmanager
async def _notifier(
    urls: Urls, mails: MailServer, gateway_port: int, gateway: Gateway
) -> AsyncIterator[Notifier]:
    async with (
        identity() as stand_in,
        serving(urls.app, stand_in.target, smtp_port=mails.port, sms_port=gateway_port) as channel,
    ):
        client = notices_pb2_grpc.NoticeServiceStub(channel)
        yield Notifier(stand_in, mails, gateway, client, stand_in.token("identity"))


@pytest.fixture
async def notifier(notifier_urls: Urls) -> AsyncIterator[Notifier]:
    async with (
        mail_server() as mails,
        _gateway() as gateway,
        _notifier(notifier_urls, mails, gateway.port, gateway) as running,
    ):
        yield running


def _notice(email: str, mobile: str) -> notices_pb2.SendNoticeRequest:
    request = notices_pb2.SendNoticeRequest(notice_id=str(uuid4()))
    if email:
        request.email = email
    if mobile:
        request.mobile = mobile
    return request


def _registration(*, email: str = "", mobile: str = "") -> notices_pb2.SendNoticeRequest:
    request = _notice(email, mobile)
    request.registration_code.code = _CODE
    request.registration_code.expires_at.FromDatetime(datetime.now(UTC) + timedelta(minutes=60))
    return request


def _login(*, email: str = "", mobile: str = "") -> notices_pb2.SendNoticeRequest:
    request = _notice(email, mobile)
    request.login_code.code = _CODE
    request.login_code.expires_at.FromDatetime(datetime.now(UTC) + timedelta(minutes=10))
    return request


def _invitation(*, email: str = "", mobile: str = "") -> notices_pb2.SendNoticeRequest:
    request = _notice(email, mobile)
    request.invitation.code = "ABCD-EFGH-JKLM"
    request.invitation.practice_name = "Praxis Müller"
    request.invitation.expires_at.FromDatetime(datetime.now(UTC) + timedelta(days=7))
    return request


async def test_a_registration_code_goes_out_by_e_mail_before_the_answer(notifier: Notifier) -> None:
    request = _registration(email=_EMAIL)
    response = await notifier.send(request)
    [mail] = notifier.mails.mails
    assert mail.recipients == (_EMAIL,)
    assert mail.message["From"] == "Praxispost <hinweis@post.example>"
    assert mail.message["Subject"] == "Ihr Code zur Registrierung"
    assert mail.message["Message-ID"] == f"<{request.notice_id}@post.example>"
    text = mail.message.get_body(("plain",))
    assert text is not None
    assert f"Ihr Code zur Registrierung: {_CODE}" in text.get_content()
    assert abs(response.accepted_at.ToDatetime(UTC) - datetime.now(UTC)) < timedelta(seconds=20)


async def test_a_notice_tried_again_keeps_its_message_id(notifier: Notifier) -> None:
    request = _registration(email=_EMAIL)
    await notifier.send(request)
    await notifier.send(request)
    first, again = notifier.mails.mails
    assert first.message["Message-ID"] == again.message["Message-ID"]
    assert first.return_path == again.return_path


async def test_codes_go_out_by_sms_in_the_language_asked_for(notifier: Notifier) -> None:
    await notifier.send(_registration(mobile=_MOBILE))
    english = _login(mobile=_MOBILE)
    english.language = notices_pb2.NOTICE_LANGUAGE_ENGLISH
    await notifier.send(english)
    german_sms, english_sms = notifier.gateway.received
    assert german_sms["to"] == english_sms["to"] == _MOBILE
    assert german_sms["text"].startswith(f"Ihr Code zur Registrierung: {_CODE}.")
    assert english_sms["text"].startswith(f"Your login code: {_CODE}.")
    assert english_sms["text"].endswith(f"\n\n@post.example #{_CODE}")


async def test_an_invitation_goes_out_by_e_mail(notifier: Notifier) -> None:
    await notifier.send(_invitation(email=_EMAIL))
    [mail] = notifier.mails.mails
    assert mail.message["Subject"] == "Einladung von Praxis Müller"
    text = mail.message.get_body(("plain",))
    assert text is not None
    assert "Ihr Code: ABCD-EFGH-JKLM" in text.get_content()
    assert "https://post.example/invitation" in text.get_content()


async def test_who_was_let_in_is_told_by_e_mail_only(notifier: Notifier) -> None:
    granted = notices_pb2.AccessGranted()
    by_email, by_sms = _notice(_EMAIL, ""), _notice("", _MOBILE)
    for request in (by_email, by_sms):
        request.access_granted.CopyFrom(granted)
    await notifier.send(by_email)
    [mail] = notifier.mails.mails
    assert mail.message["Subject"] == "Ihr Zugang ist eingerichtet"
    assert (await notifier.refusal(by_sms))[0] is StatusCode.INVALID_ARGUMENT
    assert notifier.gateway.received == []


async def test_refusals_of_relay_and_gateway_are_told_apart(notifier: Notifier) -> None:
    notifier.mails.at_rcpt.append(f"550 5.1.1 <{_EMAIL}>: unknown")
    for_good = (StatusCode.FAILED_PRECONDITION, "RECIPIENT_REFUSED")
    for_now = (StatusCode.UNAVAILABLE, "CHANNEL_UNAVAILABLE")
    assert (await notifier.refusal(_registration(email=_EMAIL)))[:2] == for_good
    notifier.mails.at_rcpt.extend(["451 4.7.1 greylisted"])
    assert (await notifier.refusal(_registration(email=_EMAIL)))[:2] == for_now
    notifier.gateway.status = 422
    assert (await notifier.refusal(_login(mobile=_MOBILE)))[:2] == for_good
    notifier.gateway.status = 503
    assert (await notifier.refusal(_login(mobile=_MOBILE)))[:2] == for_now


async def test_bad_requests_are_refused_with_their_field_and_nothing_leaves(notifier: Notifier) -> None:
    ended, nameless, no_code = _login(mobile=_MOBILE), _invitation(email=_EMAIL), _login(mobile=_MOBILE)
    ended.login_code.expires_at.FromDatetime(datetime.now(UTC) - timedelta(seconds=1))
    nameless.invitation.practice_name = "Praxis\r\nBcc: otto@evil.example"
    no_code.login_code.code = "12345"
    unknown = _registration(email=_EMAIL)
    unknown.notice_id = "42"
    for request, field_name in (
        (unknown, "notice_id"),
        (_registration(email="erika@mail.example, otto@mail.example"), "email"),
        (_registration(mobile="0151 12345678"), "mobile"),
        (_registration(), "recipient"),
        (_login(email=_EMAIL), "email"),
        (_invitation(mobile=_MOBILE), "mobile"),
        (_notice(_EMAIL, ""), "content"),
        (ended, "login_code.expires_at"),
        (nameless, "invitation.practice_name"),
        (no_code, "login_code.code"),
    ):
        refusal = await notifier.refusal(request)
        assert refusal == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", [field_name])
    assert notifier.mails.mails == []
    assert notifier.gateway.received == []


async def test_nobody_but_identity_may_send_a_notice(notifier: Notifier) -> None:
    for role in ("operator", "portal", "messaging", "notifier", "practice_service", "admin", "account"):
        notifier.token = notifier.identity.token(role)
        code, reason, _ = await notifier.refusal(_registration(email=_EMAIL))
        assert (code, reason) == (StatusCode.PERMISSION_DENIED, "METHOD_NOT_ALLOWED")
    assert notifier.mails.mails == []


async def test_a_token_for_another_service_is_refused(notifier: Notifier) -> None:
    notifier.token = notifier.identity.token("identity", audience="messaging")
    assert (await notifier.refusal(_registration(email=_EMAIL)))[1] == "TOKEN_REFUSED"


async def test_no_log_line_names_recipient_code_or_practice(
    notifier: Notifier, own_logging: None, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("notifier", "api", "debug")
    logging.getLogger().setLevel(logging.DEBUG)
    notifier.mails.at_rcpt.append(f"550 5.1.1 <{_EMAIL}>: unknown")
    await notifier.refusal(_invitation(email=_EMAIL))
    await notifier.send(_invitation(email=_EMAIL))
    await notifier.refusal(_registration(email=f"{_EMAIL}, {_EMAIL}"))
    notifier.gateway.status = 400
    await notifier.refusal(_login(mobile=_MOBILE))
    written = capsys.readouterr().err
    assert "notice not accepted" in written
    for canary in ("kanarienvogel", _MOBILE[4:], _CODE, "ABCD-EFGH", "Müller", "M\\u00fcller"):
        assert canary not in written
