"""Names, types and bytes of documents on their way through HTTP: nothing in them becomes anything else."""

import base64
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import MutableHeaders

from services.portal.documents.attached import Attached, attached
from services.portal.documents.frames import in_base64
from services.portal.documents.naming import as_download, decoded_name, decoded_type, download_type
from services.portal.visits import Form

_HOSTILE = [
    'Befund "neu".pdf',
    "a\r\nSet-Cookie: x=1.pdf",
    "\u202egpj.exe",
    "Röntgen-Knie (1).pdf",
    "naïve\\..\\x.pdf",
    "%0d%0aX: y.txt",
    "'; filename=evil.exe",
    "胸部.pdf",
    "\x00\x7f",
    "=?utf-8?q?x?=",
]


def _parts(header: str) -> tuple[str, str]:
    """The two names as a browser reads them (RFC 6266)."""
    _, _, rest = header.partition('filename="')
    plain, _, name = rest.partition('"')
    encoding, _, name = name.removeprefix("; filename*=").partition("''")
    assert encoding == "UTF-8"
    return plain, unquote(name)


@pytest.mark.parametrize("name", _HOSTILE)
def test_a_name_cannot_leave_its_header(name: str) -> None:
    header = as_download(name)
    assert header.startswith('attachment; filename="')
    assert header.isascii()
    assert header.isprintable()
    plain, whole = _parts(header)
    assert whole == name
    assert set(plain).isdisjoint('"\\%;/')


@given(st.text(min_size=1, max_size=255).filter(lambda text: text.isprintable()))
def test_every_name_can_be_sent_and_comes_back(name: str) -> None:
    headers = MutableHeaders()
    headers["Content-Disposition"] = as_download(name)
    assert _parts(headers["Content-Disposition"])[1] == name


@given(st.text(min_size=1, max_size=60))
def test_a_name_comes_as_the_script_sent_it(name: str) -> None:
    try:
        sent = quote(name, safe="")
    except UnicodeEncodeError:
        return
    known = decoded_name(sent)
    assert known is not None
    assert decoded_name(quote(known, safe="")) == known


@pytest.mark.parametrize("header", ["", "%ff%fe", "%E4", "x" * 256, quote("ä" * 128)])
def test_what_is_no_name_is_none(header: str) -> None:
    assert decoded_name(header) is None


def test_a_name_from_a_mac_is_the_same_as_from_elsewhere() -> None:
    assert decoded_name("u%CC%88ber.pdf") == "über.pdf"


@pytest.mark.parametrize(
    ("declared", "known"),
    [
        ("application/pdf", "application/pdf"),
        ("Image/HEIC; q=1", "image/heic"),
        ("", ""),
        ("text", ""),
        ("text/html\r\nX: y", ""),
        ("a/" + "b" * 200, ""),
    ],
)
def test_a_media_type_is_one_or_nothing(declared: str, known: str) -> None:
    assert decoded_type(declared) == known


@pytest.mark.parametrize(
    "active",
    [
        "text/html",
        "application/xhtml+xml",
        "image/svg+xml",
        "text/xml",
        "text/javascript",
        "message/rfc822",
        "multipart/related",
        "nonsense",
    ],
)
def test_nothing_that_runs_is_given_by_its_type(active: str) -> None:
    assert download_type(active) == "application/octet-stream"


@pytest.mark.parametrize("plain", ["application/pdf", "image/jpeg", "text/plain", "application/dicom"])
def test_other_types_are_given_as_they_are(plain: str) -> None:
    assert download_type(plain) == plain


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_a_picture_in_parts_is_the_picture(parts: list[bytes]) -> None:
    made, rest = b"", b""
    for part in parts:
        piece, rest = in_base64(rest + part, last=False)
        made += piece
    made += in_base64(rest, last=True)[0]
    assert base64.b64decode(made) == b"".join(parts)


def test_a_form_that_was_not_taken_still_has_its_attachments() -> None:
    form = Form(
        [
            ("attachment", "2"),
            ("attachment_name:2", 'b".pdf'),
            ("attachment_size:2", "5"),
            ("attachment", "1"),
            ("attachment_size:1", "many"),
            ("attachment", "2"),
        ]
    )
    assert attached(form) == [Attached("2", 'b".pdf', 5), Attached("1", "", 0)]
