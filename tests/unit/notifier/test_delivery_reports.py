"""What delivery reports say, and what they are evidence of."""

import contextlib
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.catcher.reports import delivery_report
from services.notifier.bounces.domain import Action, Finding, Report, find, is_hard, why
from services.notifier.bounces.parsing import NoReport, read_report
from services.notifier.mail.composing import Envelope
from services.notifier.mail.dsn_options import mail_options, recipient_options
from services.notifier.prompts.domain import Failure

_PATH = "bounce+0123@post.example"
_WHO = "erika@mail.example"


def _report(action: str, status: str, remote_mta: str = "") -> bytes:
    return delivery_report(_PATH, _WHO, action, status, remote_mta=remote_mta).as_bytes()


def _relayed(remote_host: str, domain: str = "mail.example") -> Report:
    return Report(Action.RELAYED, "2.0.0", remote_host, domain)


def test_a_report_is_read() -> None:
    report = read_report(_report("failed", "5.1.1 (mailbox unknown)", "MX1.Mail.Example. (10.0.0.1)"))
    assert report == Report(Action.FAILED, "5.1.1", "mx1.mail.example", "mail.example")


def test_a_real_report_of_postfix_is_read() -> None:
    report = read_report(
        b"From: MAILER-DAEMON@relay.example (Mail Delivery System)\r\n"
        b"Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary="B"\r\n\r\n'
        b"This is a MIME-encapsulated message.\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\r\n"
        b"--B\r\nContent-Description: Delivery report\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; relay.example\r\nX-Postfix-Queue-ID: 3F\r\n\r\n"
        b"Final-Recipient: rfc822; erika@mail.example\r\nOriginal-Recipient: rfc822;erika@mail.example\r\n"
        b"Action: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.mail.example\r\n"
        b"Diagnostic-Code: smtp; 550 5.1.1 <erika@mail.example>: unknown\r\n\r\n"
        b"--B\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: Neue Nachricht\r\n\r\n--B--\r\n"
    )
    assert report == Report(Action.FAILED, "5.1.1", "mx.mail.example", "mail.example")


def test_an_answer_is_no_report() -> None:
    answer = EmailMessage()
    answer["Subject"] = "Re: Neue Nachricht"
    answer.set_content("Action: failed\nStatus: 5.1.1\n")
    with pytest.raises(NoReport):
        read_report(answer.as_bytes())


def test_a_report_about_two_recipients_is_about_no_letter_of_ours() -> None:
    report = delivery_report(_PATH, _WHO, "failed", "5.1.1")
    [status_part] = [part for part in report.walk() if part.get_content_type() == "message/delivery-status"]
    groups = status_part.get_payload()
    assert isinstance(groups, list)
    status_part.set_payload([*groups, groups[-1]])
    with pytest.raises(NoReport):
        read_report(report.as_bytes())


@given(st.binary(max_size=300), st.integers(0, 900))
def test_whatever_the_bytes_are_they_are_a_report_or_none(noise: bytes, at: int) -> None:
    whole = _report("failed", "5.1.1")
    for content in (noise, whole[:at] + noise + whole[at:], whole[:at] + noise):
        with contextlib.suppress(NoReport):
            assert isinstance(read_report(content), Report)


@pytest.mark.parametrize(
    ("remote_host", "own_servers", "finding"),
    [
        ("mx.mail.example", frozenset[str](), Finding.DELIVERED),
        ("mail.example", frozenset[str](), Finding.DELIVERED),
        ("mx.big.example", frozenset({"mx.big.example"}), Finding.DELIVERED),
        ("notmail.example", frozenset[str](), Finding.RELAYED),
        ("smarthost.example", frozenset({"mx.big.example"}), Finding.RELAYED),
        ("", frozenset[str](), Finding.RELAYED),
    ],
)
def test_relayed_shows_arrival_only_where_it_names_the_recipients_own_server(
    remote_host: str, own_servers: frozenset[str], finding: Finding
) -> None:
    assert find(_relayed(remote_host), own_servers) is finding


def test_a_list_that_expanded_a_letter_is_nobodys_mailbox() -> None:
    assert find(Report(Action.EXPANDED, "2.0.0", "", ""), frozenset()) is Finding.RELAYED


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        ("5.1.1", Failure.ADDRESS_REFUSED),
        ("5.1.2", Failure.ADDRESS_REFUSED),
        ("5.2.1", Failure.ADDRESS_REFUSED),
        ("5.0.0", Failure.ADDRESS_REFUSED),
        ("", Failure.ADDRESS_REFUSED),
        ("5.2.2", Failure.EXPIRED),
        ("5.4.7", Failure.EXPIRED),
        ("4.4.7", Failure.EXPIRED),
        ("5.7.1", Failure.OWN_FAULT),
        ("5.6.0", Failure.OWN_FAULT),
    ],
)
def test_why_a_letter_came_back_and_only_a_bad_address_is_suspect(status: str, failure: Failure) -> None:
    report = Report(Action.FAILED, status, "", "")
    assert why(report) is failure
    assert is_hard(report) == (failure is Failure.ADDRESS_REFUSED)


def test_a_delay_makes_no_address_suspect() -> None:
    assert not is_hard(Report(Action.DELAYED, "5.1.1", "", ""))


def test_a_relay_is_asked_to_report_everything_of_a_prompt_and_nothing_of_a_notice() -> None:
    prompt = Envelope("bounce+1@post.example", "a+b=c@mail.example", b"", "0123")
    assert mail_options(prompt) == ("RET=HDRS", "ENVID=0123")
    assert recipient_options(prompt) == (
        "NOTIFY=SUCCESS,FAILURE,DELAY",
        "ORCPT=rfc822;a+2Bb+3Dc@mail.example",
    )
    notice = Envelope("bounce+1@post.example", "a@mail.example", b"")
    assert (mail_options(notice), recipient_options(notice)) == ((), ("NOTIFY=NEVER",))
