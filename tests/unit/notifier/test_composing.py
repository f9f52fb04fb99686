"""The bytes of a letter: always the same headers, one sender, one recipient, whatever the names are."""

import unicodedata
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.notifier.mail.composing import (
    Content,
    Envelope,
    Sender,
    UnusableAddress,
    UnusableText,
    compose,
)

_ID = UUID("6f1d5a3e-3d0c-4a39-9a53-2a7e2f0c8b11")
_NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
_FROM = "hinweis@post.example"
_HEADERS = [
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "Auto-Submitted",
    "Content-Type",
    "MIME-Version",
]


def _compose(name: str = "Praxis Müller", to: str = "erika@mail.example", subject: str = "Hallo") -> Envelope:
    return compose(_ID, Sender(name, _FROM), to, Content(subject, "Text für Sie\n", "<p>Text</p>\n"), _NOW)


def _parsed(envelope: Envelope) -> EmailMessage:
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_letter_has_exactly_these_headers() -> None:
    message = _parsed(_compose())
    assert message.keys() == _HEADERS
    assert message["Date"] == "Mon, 02 Mar 2026 09:30:00 +0000"
    assert message["From"] == "Praxis Müller <hinweis@post.example>"
    assert message["To"] == "erika@mail.example"
    assert message["Subject"] == "Hallo"
    assert message["Message-ID"] == f"<{_ID}@post.example>"
    assert message["Auto-Submitted"] == "auto-generated"


def test_a_letter_is_text_and_html_in_seven_bits_with_crlf_line_ends() -> None:
    envelope = _compose()
    parts = list(_parsed(envelope).iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert parts[0].get_content() == "Text für Sie\r\n"
    assert envelope.content.isascii()
    assert envelope.content.count(b"\n") == envelope.content.count(b"\r\n")
    assert max(len(line) for line in envelope.content.split(b"\r\n")) <= 78


def test_a_text_that_looks_like_the_end_of_its_part_does_not_end_it() -> None:
    text = f"Vorher\n--=_{_ID.hex}--\nFrom nachher\n"
    envelope = compose(_ID, Sender("Praxis", _FROM), "erika@mail.example", Content("Hallo", text, text), _NOW)
    for part in _parsed(envelope).iter_parts():
        assert part.get_content() == text.replace("\n", "\r\n")


def test_a_bounce_goes_to_an_address_that_names_the_letter_only() -> None:
    envelope = _compose()
    assert envelope.return_path == f"bounce+{_ID.hex}@post.example"
    assert envelope.recipient == "erika@mail.example"


def test_the_same_letter_tried_again_has_the_same_message_id_and_return_path() -> None:
    assert _parsed(_compose())["Message-ID"] == _parsed(_compose(subject="Anderes"))["Message-ID"]
    assert _compose().return_path == _compose().return_path


@pytest.mark.parametrize(
    "bad", ["\r", "\n", "\0", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x7f", "\ud800"]
)
def test_whatever_could_break_a_header_line_is_refused(bad: str) -> None:
    with pytest.raises(UnusableText):
        _compose(name=f"Praxis{bad}Bcc: x@evil.example")
    with pytest.raises(UnusableText):
        _compose(subject=f"Neue{bad}Nachricht")
    with pytest.raises(UnusableAddress):
        _compose(to=f"erika{bad}@mail.example")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "erika",
        "@mail.example",
        "erika@",
        "erika@mail.example, otto@mail.example",
        "erika@mail.example;otto@mail.example",
        "Erika <erika@mail.example>",
        "<erika@mail.example>",
        "erika@mail.example>",
        '"erika\r\nBcc: otto"@mail.example',
        '"erika"@mail.example',
        "freunde:erika@mail.example;",
        "erika(otto)@mail.example",
        "erika@otto@mail.example",
        "erika @mail.example",
        "erika@mail.example\n",
        "erika@[127.0.0.1]",
        "erikä@mail.example",
        f"{'e' * 65}@mail.example",
        f"erika@{'m' * 250}.example",
    ],
)
def test_only_one_plain_address_is_written_to(address: str) -> None:
    with pytest.raises(UnusableAddress):
        _compose(to=address)


_NAMES = st.one_of(
    st.text(min_size=1, max_size=120),
    st.text(st.sampled_from("aä ,;:<>@\"'\\()[]=?_.\r\n\t\u2028\x00"), min_size=1, max_size=120),
    st.text(st.sampled_from("=?utf-8QBb_ aä,@<>."), min_size=1, max_size=120),
)


def _forbidden(value: str) -> bool:
    return any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in value)


@settings(max_examples=1000, deadline=None)
@given(name=_NAMES)
@example(name="a@b.example, Otto <otto@evil.example>")
@example(name='"Praxis" <otto@evil.example>')
@example(name="ä, otto@evil.example, " * 5)
@example(name="=?utf-8?q?=0D=0ABcc=3A_otto=40evil=2Eexample?=")
@example(name="Praxis \\")
def test_a_hostile_name_changes_no_header_and_adds_no_address(name: str) -> None:
    subject = f"Neue Nachricht von {name}"
    if _forbidden(name):
        with pytest.raises(UnusableText):
            _compose(name=name, subject=subject)
        return
    envelope = _compose(name=name, subject=subject)
    message = _parsed(envelope)
    assert message.keys() == _HEADERS
    for header, address in (("From", _FROM), ("To", "erika@mail.example")):
        value = message[header]
        assert isinstance(value, AddressHeader)
        assert [each.addr_spec for each in value.addresses] == [address]
    assert (
        unicodedata.normalize("NFC", message["Subject"]).split()
        == unicodedata.normalize("NFC", subject).split()
    )


@settings(max_examples=500, deadline=None)
@given(to=st.one_of(st.text(max_size=80), st.from_regex(r"[^@]{1,20}@[^@]{1,20}", fullmatch=True)))
def test_a_hostile_address_is_refused_or_is_the_only_one(to: str) -> None:
    try:
        envelope = _compose(to=to)
    except UnusableAddress:
        return
    header = _parsed(envelope)["To"]
    assert isinstance(header, AddressHeader)
    assert [address.addr_spec for address in header.addresses] == [to]
    assert _parsed(envelope).keys() == _HEADERS
    assert not set(to) & set(' \t\r\n<>,;:"()[]\\')
