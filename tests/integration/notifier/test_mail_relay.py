"""Handing letters over to a real SMTP server."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.settings import Secret, SettingsError
from services.notifier.handover import Handover, Verdict
from services.notifier.mail.composing import Content, Envelope, Sender, compose
from services.notifier.mail.relay import MailRelay
from services.notifier.mail.settings import SmtpSettings, check_smtp
from tests.integration.notifier.certificates import Authority, make_authority
from tests.integration.notifier.mail_server import PASSWORD, USERNAME, MailServer, mail_server

_TO = "erika@mail.example"


def _letter() -> Envelope:
    content = Content("Neue Nachricht", "Guten Tag,\n.\n.. Punkte am Anfang\n", "<p>Guten Tag</p>")
    return compose(uuid4(), Sender("Praxis Müller", "hinweis@post.example"), _TO, content, datetime.now(UTC))


@contextlib.asynccontextmanager
async def _relay(
    settings: SmtpSettings, connections: int = 2, patience: timedelta = timedelta(minutes=1)
) -> AsyncIterator[MailRelay]:
    check_smtp(settings)
    relay = MailRelay(settings, greeting_name="post.example", connections=connections, patience=patience)
    try:
        yield relay
    finally:
        await relay.close()


def _plain(server: MailServer) -> SmtpSettings:
    return SmtpSettings("127.0.0.1", server.port, "none")


def _starttls(server: MailServer, ca_file: Path, password: str = PASSWORD) -> SmtpSettings:
    return SmtpSettings("localhost", server.port, "starttls", USERNAME, Secret(password), ca_file)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


async def test_a_letter_goes_out_encrypted_and_logged_in(authority: Authority) -> None:
    async with (
        mail_server(tls=authority.server) as server,
        _relay(_starttls(server, authority.ca_file)) as relay,
    ):
        letter = _letter()
        assert await relay.hand_over(letter) == Handover(Verdict.ACCEPTED, 250)
    [mail] = server.mails
    assert mail.encrypted
    assert server.logins == [USERNAME]
    assert mail.return_path == letter.return_path
    assert mail.recipients == (_TO,)
    assert mail.content == letter.content


async def test_an_unknown_authority_is_our_own_fault_and_nothing_leaves(
    authority: Authority, tmp_path: Path
) -> None:
    stranger = make_authority(tmp_path)
    async with (
        mail_server(tls=authority.server) as server,
        _relay(_starttls(server, stranger.ca_file)) as relay,
    ):
        assert await relay.hand_over(_letter()) == Handover(Verdict.OWN_FAULT)
    assert server.mails == []


async def test_a_certificate_for_another_name_is_our_own_fault(authority: Authority) -> None:
    async with mail_server(tls=authority.server) as server:
        settings = SmtpSettings("127.0.0.1", server.port, "starttls", USERNAME, PASSWORD, authority.ca_file)
        async with _relay(settings) as relay:
            assert await relay.hand_over(_letter()) == Handover(Verdict.OWN_FAULT)
    assert server.mails == []


async def test_a_wrong_password_is_our_own_fault(authority: Authority) -> None:
    async with (
        mail_server(tls=authority.server) as server,
        _relay(_starttls(server, authority.ca_file, "falsch")) as relay,
    ):
        assert await relay.hand_over(_letter()) == Handover(Verdict.OWN_FAULT, 535)
    assert server.mails == []


async def test_a_relay_without_starttls_gets_nothing_when_it_is_asked_for(authority: Authority) -> None:
    async with mail_server() as server, _relay(_starttls(server, authority.ca_file)) as relay:
        assert await relay.hand_over(_letter()) == Handover(Verdict.OWN_FAULT)
    assert server.mails == []


async def test_many_letters_share_a_few_connections() -> None:
    async with mail_server() as server, _relay(_plain(server), connections=3) as relay:
        handovers = await asyncio.gather(*(relay.hand_over(_letter()) for _ in range(60)))
        assert {handover.verdict for handover in handovers} == {Verdict.ACCEPTED}
        assert len(server.mails) == 60
        assert server.connections <= 3


async def test_a_refusal_spares_the_connection() -> None:
    async with mail_server() as server, _relay(_plain(server), connections=1) as relay:
        server.at_rcpt.append(f"550 5.1.1 <{_TO}>: unknown")
        assert await relay.hand_over(_letter()) == Handover(Verdict.RECIPIENT_REFUSED, 550)
        server.at_rcpt.append("451 4.7.1 greylisted")
        assert await relay.hand_over(_letter()) == Handover(Verdict.DEFERRED, 451)
        server.at_data.append("554 5.7.1 spam")
        assert await relay.hand_over(_letter()) == Handover(Verdict.OWN_FAULT, 554)
        server.at_mail.append("550 5.7.1 sender not allowed")
        assert await relay.hand_over(_letter()) == Handover(Verdict.OWN_FAULT, 550)
        assert await relay.hand_over(_letter()) == Handover(Verdict.ACCEPTED, 250)
        assert server.connections == 1
    assert len(server.mails) == 1


async def test_a_kept_connection_that_was_closed_meanwhile_is_replaced() -> None:
    async with mail_server() as server, _relay(_plain(server), connections=1) as relay:
        assert (await relay.hand_over(_letter())).verdict is Verdict.ACCEPTED
        server.drop_connections()
        assert (await relay.hand_over(_letter())).verdict is Verdict.ACCEPTED
        assert server.connections == 2


async def test_421_on_a_kept_connection_only_means_a_new_one() -> None:
    async with mail_server() as server, _relay(_plain(server), connections=1) as relay:
        assert (await relay.hand_over(_letter())).verdict is Verdict.ACCEPTED
        server.at_mail.append("421 4.7.0 too many messages on this connection")
        assert (await relay.hand_over(_letter())).verdict is Verdict.ACCEPTED
        assert server.connections == 2
    assert len(server.mails) == 2


async def test_421_on_a_new_connection_means_the_relay_is_unavailable() -> None:
    async with mail_server() as server, _relay(_plain(server), connections=1) as relay:
        server.at_mail.append("421 4.3.2 closing")
        assert await relay.hand_over(_letter()) == Handover(Verdict.CHANNEL_UNAVAILABLE, 421)
        assert (await relay.hand_over(_letter())).verdict is Verdict.ACCEPTED


async def test_a_relay_that_is_down_is_unavailable_and_found_again() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    async with _relay(SmtpSettings("127.0.0.1", port, "none")) as relay:
        assert await relay.hand_over(_letter()) == Handover(Verdict.CHANNEL_UNAVAILABLE)
        async with mail_server(port=port):
            assert (await relay.hand_over(_letter())).verdict is Verdict.ACCEPTED


async def test_a_relay_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = SmtpSettings("127.0.0.1", silent.getsockname()[1], "none")
        async with _relay(settings, patience=timedelta(seconds=0.2)) as relay:
            assert await relay.hand_over(_letter()) == Handover(Verdict.CHANNEL_UNAVAILABLE)


async def test_a_relay_by_tls_from_the_first_byte(authority: Authority) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tls = writer.get_extra_info("ssl_object")
        assert isinstance(tls, ssl.SSLObject)
        writer.write(b"554 5.3.2 not today\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0, ssl=authority.server)
    port = server.sockets[0].getsockname()[1]
    settings = SmtpSettings("localhost", port, "tls", ca_file=authority.ca_file)
    async with server, _relay(settings) as relay:
        assert await relay.hand_over(_letter()) == Handover(Verdict.OWN_FAULT, 554)


def test_contradictions_in_the_settings_are_named_together(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        check_smtp(SmtpSettings("mail.example", 0, "none", username="wir", ca_file=tmp_path / "ca.pem"))
    assert refused.value.problems == (
        "PRAXISPOST_SMTP_PORT must be 1 to 65535",
        "PRAXISPOST_SMTP_USERNAME and PRAXISPOST_SMTP_PASSWORD belong together",
        "PRAXISPOST_SMTP_SECURITY none is for a relay on this machine only",
        "PRAXISPOST_SMTP_CA_FILE needs PRAXISPOST_SMTP_SECURITY starttls or tls",
    )
    with pytest.raises(SettingsError) as refused:
        check_smtp(SmtpSettings("mail.example", 25, "tls", ca_file=tmp_path / "ca.pem"))
    assert refused.value.problems == (
        "PRAXISPOST_SMTP_CA_FILE must name a readable file of PEM certificates",
    )
