"""A message's content opens only where it belongs."""

from collections.abc import Callable
from uuid import UUID

import pytest

from chassis.keys import CiphertextMoved, Sealer
from services.messaging.messages.sealing import ContentSealer

_SEALER = Sealer({1: bytes(32)})
_PRACTICE, _PATIENT, _MESSAGE, _DOCUMENT, _OTHER = (UUID(int=number) for number in range(1, 6))


def _content(practice: UUID = _PRACTICE, patient: UUID = _PATIENT, message: UUID = _MESSAGE) -> ContentSealer:
    return ContentSealer(_SEALER, practice, patient, message)


def test_content_comes_back_as_it_was() -> None:
    content = _content()
    assert content.open_body(content.seal_body("Grüße 🩺\n")) == "Grüße 🩺\n"
    assert content.open_subject(content.seal_subject("Befund")) == "Befund"
    assert content.open_file_name(_DOCUMENT, content.seal_file_name(_DOCUMENT, "a.pdf")) == "a.pdf"
    assert content.open_sha256(_DOCUMENT, content.seal_sha256(_DOCUMENT, b"\1" * 32)) == b"\1" * 32


def test_an_answer_has_no_subject() -> None:
    assert _content().seal_subject(None) is None
    assert _content().open_subject(None) == ""


def test_what_is_left_of_an_erased_subject_is_nothing() -> None:
    assert _content().open_subject(b"") == ""


_BODY = _content().seal_body("Text")


@pytest.mark.parametrize(
    "elsewhere",
    [
        lambda: _content(practice=_OTHER).open_body(_BODY),
        lambda: _content(patient=_OTHER).open_body(_BODY),
        lambda: _content(message=_OTHER).open_body(_BODY),
        lambda: _content().open_subject(_BODY),
        lambda: ContentSealer.of_draft(_SEALER, _PRACTICE, _PATIENT, _MESSAGE).open_body(_BODY),
        lambda: _content().open_file_name(_DOCUMENT, _BODY),
        lambda: _content().open_file_name(_OTHER, _content().seal_file_name(_DOCUMENT, "a.pdf")),
        lambda: _content().open_sha256(_OTHER, _content().seal_sha256(_DOCUMENT, b"1" * 32)),
    ],
)
def test_moved_content_does_not_open(elsewhere: Callable[[], object]) -> None:
    with pytest.raises(CiphertextMoved):
        elsewhere()
