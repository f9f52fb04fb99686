"""The catcher takes mail and SMS as the relay and the gateway would, and shows them at once."""

import ssl
import threading
from email.message import EmailMessage

import aiosmtplib
import httpx
import pytest

from deploy.local.catcher.client import CatcherClient, NothingCame
from deploy.local.catcher.starting import Catcher


def letter(to: str, subject: str = "Neue Nachricht") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "praxis@example.com"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = "<1@example.com>"
    message.set_content("Grüße an Sie\n")
    message.add_alternative("<p>Grüße an Sie</p>", subtype="html")
    return message


async def hand_over(catcher: Catcher, message: EmailMessage) -> None:
    access = catcher.smtp
    await aiosmtplib.send(
        message,
        hostname=access.host,
        port=access.port,
        start_tls=True,
        username=access.username,
        password=access.password,
        tls_context=ssl.create_default_context(cafile=access.ca_file),
    )


async def test_a_mail_is_shown_with_its_text_and_html(catcher: Catcher, caught: CatcherClient) -> None:
    await hand_over(catcher, letter("anna@example.com"))
    mail = caught.wait_for_mail("anna@example.com")
    assert (mail.subject, mail.message_id) == ("Neue Nachricht", "<1@example.com>")
    assert mail.text == "Grüße an Sie\n"
    assert mail.html == "<p>Grüße an Sie</p>\n"


async def test_mail_without_a_login_is_refused(catcher: Catcher, caught: CatcherClient) -> None:
    access = catcher.smtp
    with pytest.raises(aiosmtplib.SMTPSenderRefused):
        await aiosmtplib.send(
            letter("nobody@example.com"),
            hostname=access.host,
            port=access.port,
            start_tls=True,
            tls_context=ssl.create_default_context(cafile=access.ca_file),
        )
    assert caught.mails("nobody@example.com") == []


async def test_mail_without_tls_is_refused(catcher: Catcher) -> None:
    access = catcher.smtp
    with pytest.raises(aiosmtplib.SMTPException):
        await aiosmtplib.send(
            letter("nobody@example.com"), hostname=access.host, port=access.port, start_tls=False
        )


@pytest.mark.parametrize(("local_part", "code"), [("refuse-anna", 550), ("defer-anna", 451)])
async def test_some_addresses_are_refused_for_trying_out(
    catcher: Catcher, caught: CatcherClient, local_part: str, code: int
) -> None:
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await hand_over(catcher, letter(f"{local_part}@example.com"))
    assert [each.code for each in refused.value.recipients] == [code]
    assert caught.mails(f"{local_part}@example.com") == []


def send_sms(catcher: Catcher, to: str, text: str, token: str | None = None) -> int:
    access = catcher.sms
    headers = {"Authorization": f"Bearer {token or access.token}"}
    return httpx.post(access.url, json={"to": to, "text": text}, headers=headers).status_code


def test_an_sms_is_taken_from_who_knows_the_token(catcher: Catcher, caught: CatcherClient) -> None:
    assert send_sms(catcher, "+4915112345678", "Code 1", token="wrong") == 401
    assert send_sms(catcher, "+4915112345678", "Code 2") == 202
    assert [sms.text for sms in caught.sms("+4915112345678")] == ["Code 2"]


@pytest.mark.parametrize(("to", "status"), [("+491510000550", 400), ("+491510000451", 503)])
def test_some_numbers_are_refused_for_trying_out(catcher: Catcher, to: str, status: int) -> None:
    assert send_sms(catcher, to, "Code 1") == status


def test_who_waits_gets_what_arrives_meanwhile(catcher: Catcher, caught: CatcherClient) -> None:
    after = caught.newest()
    sending = threading.Thread(target=send_sms, args=(catcher, "+4915187654321", "Code 3"))
    sending.start()
    assert caught.wait_for_sms("+4915187654321", after=after).text == "Code 3"
    sending.join()


def test_waiting_ends(caught: CatcherClient) -> None:
    with pytest.raises(NothingCame, match="no mail to nobody"):
        caught.wait_for_mail("nobody@example.com", seconds=0.1)


def test_people_get_a_page_that_may_load_nothing_from_elsewhere(catcher: Catcher) -> None:
    page = httpx.get(catcher.url)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<title>Praxispost" in page.text
