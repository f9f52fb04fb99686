"""Whose fault a reply of the mail relay is."""

import pytest

from services.notifier.handover import Handover, Verdict
from services.notifier.mail.verdicts import Step, judge


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (550, "5.1.1 <a@b.example>: no such user"),
        (550, "5.4.1 Recipient address rejected: Access denied"),
        (553, "mailbox name not allowed"),
        (501, "5.1.3 Bad recipient address syntax"),
        (550, "5.17.1 not the subject 1"),
    ],
)
def test_a_5xx_to_the_recipient_is_the_recipients(code: int, text: str) -> None:
    assert judge(Step.RECIPIENT, code, text) == Handover(Verdict.RECIPIENT_REFUSED, code)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (554, "5.7.1 <a@b.example>: Relay access denied"),
        (530, "5.7.0 Authentication required"),
        (530, "Must issue a STARTTLS command first"),
        (503, "5.5.1 Bad sequence of commands"),
    ],
)
def test_a_relay_that_does_not_serve_us_condemns_no_address(code: int, text: str) -> None:
    assert judge(Step.RECIPIENT, code, text).verdict is Verdict.OWN_FAULT


@pytest.mark.parametrize("step", [Step.GREETING, Step.SENDER])
@pytest.mark.parametrize("text", ["5.1.8 bad sender's address", "5.7.8 bad credentials", ""])
def test_a_5xx_before_the_recipient_was_named_is_our_own_fault(step: Step, text: str) -> None:
    assert judge(step, 550, text).verdict is Verdict.OWN_FAULT


def test_refused_content_is_our_own_fault_unless_the_relay_names_address_or_mailbox() -> None:
    assert judge(Step.CONTENT, 554, "5.7.1 looks like spam").verdict is Verdict.OWN_FAULT
    assert judge(Step.CONTENT, 552, "message too big").verdict is Verdict.OWN_FAULT
    assert judge(Step.CONTENT, 552, "5.2.2 mailbox full").verdict is Verdict.RECIPIENT_REFUSED
    assert judge(Step.CONTENT, 550, "5.1.1").verdict is Verdict.RECIPIENT_REFUSED


@pytest.mark.parametrize("step", [Step.SENDER, Step.RECIPIENT, Step.CONTENT])
def test_a_4xx_in_a_transaction_is_deferred(step: Step) -> None:
    assert judge(step, 451, "4.7.1 greylisted") == Handover(Verdict.DEFERRED, 451)


def test_a_4xx_at_the_greeting_or_login_means_the_relay_is_unavailable() -> None:
    assert judge(Step.GREETING, 454, "4.7.0 try again").verdict is Verdict.CHANNEL_UNAVAILABLE


@pytest.mark.parametrize("step", list(Step))
def test_421_means_the_relay_is_going_away_wherever_it_says_so(step: Step) -> None:
    assert judge(step, 421, "4.3.2 closing").verdict is Verdict.CHANNEL_UNAVAILABLE


def test_what_is_no_smtp_reply_is_an_unavailable_relay_without_a_code() -> None:
    assert judge(Step.RECIPIENT, -1, "Malformed SMTP response line") == Handover(
        Verdict.CHANNEL_UNAVAILABLE, None
    )
    assert judge(Step.RECIPIENT, 354, "odd") == Handover(Verdict.CHANNEL_UNAVAILABLE, 354)
