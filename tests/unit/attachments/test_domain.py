"""The rules of documents."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.caller import Caller, Entitlement
from chassis.refusal import Refusal
from services.attachments.domain import (
    Claim,
    Content,
    Header,
    Holding,
    State,
    check_claim,
    check_content,
    check_may_upload,
    checked_file_name,
    checked_media_type,
    checked_sha256,
    checked_size,
    served_type,
)

_PRACTICE, _PATIENT, _UPLOADER, _MESSAGE, _DOCUMENT = (uuid4() for _ in range(5))
_HEADER = Header(uuid4(), _PRACTICE, _PATIENT, "a.pdf", "application/pdf", None, None)
_CLAIM = Claim(_PRACTICE, _PATIENT, _MESSAGE, _UPLOADER, (_DOCUMENT,))
_HOLDING = Holding(_DOCUMENT, _PATIENT, _UPLOADER, State.READY, None)


def _caller(role: str, tenant_id: UUID | None, *entitlements: Entitlement) -> Caller:
    return Caller(uuid4(), role, tenant_id, entitlements, None, datetime.now(UTC))


@pytest.mark.parametrize(
    "name",
    [
        "Befund.pdf",
        "Überweisung Nr. 3 (neu).PDF",
        "..pdf",
        "ohne Endung",
        "😷👩\u200d⚕️.png",
        "שלום.txt",
        "x" * 255,
        "ä" * 127,
    ],
)
def test_a_file_name_of_any_script_is_taken(name: str) -> None:
    assert checked_file_name("file_name", name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        "a\x00b",
        "a\nb",
        "a\x7fb",
        "a\x9fb",
        "a\u2028b",
        "a\u202eb",
        "a\u2066b",
        "a\u200fb",
        "a\u061cb",
        "x" * 256,
        "ä" * 128,
    ],
)
def test_a_file_name_that_leads_elsewhere_or_deceives_is_refused(name: str) -> None:
    with pytest.raises(Refusal) as refused:
        checked_file_name("header.file_name", name)
    assert refused.value.fields[0].field == "header.file_name"


@given(st.text())
def test_what_passes_as_a_file_name_is_one(name: str) -> None:
    try:
        checked_file_name("file_name", name)
    except (Refusal, UnicodeEncodeError):
        return
    assert 1 <= len(name.encode()) <= 255
    assert not {"/", "\\", "\x00", "\r", "\n"} & set(name)


@pytest.mark.parametrize(
    ("given_type", "kept"),
    [
        ("", "application/octet-stream"),
        ("application/pdf", "application/pdf"),
        ("Image/JPEG", "image/jpeg"),
        ('text/plain; charset="utf-8"; name=Befund', "text/plain"),
        ("application/vnd.a+xml", "application/vnd.a+xml"),
    ],
)
def test_a_media_type_is_kept_without_its_parameters(given_type: str, kept: str) -> None:
    assert checked_media_type("media_type", given_type) == kept


@pytest.mark.parametrize("bad", ["pdf", "a/", "/b", "a/b/c", "a b/c", "a/b\r\nx: y", "ä/b", "a/" + "b" * 300])
def test_what_is_no_media_type_is_refused(bad: str) -> None:
    with pytest.raises(Refusal):
        checked_media_type("media_type", bad)


def test_size_and_hash_may_be_unknown_but_not_malformed() -> None:
    assert (checked_size("size", 0), checked_size("size", 7)) == (None, 7)
    assert (checked_sha256("sha256", b""), checked_sha256("sha256", bytes(32))) == (None, bytes(32))
    with pytest.raises(Refusal):
        checked_size("size", -1)
    with pytest.raises(Refusal):
        checked_sha256("sha256", bytes(31))


def test_staff_upload_for_their_own_practice_only() -> None:
    physician = _caller("physician", _PRACTICE)
    assert check_may_upload(physician, None, _PATIENT) == _PRACTICE
    assert check_may_upload(physician, _PRACTICE, _PATIENT) == _PRACTICE
    with pytest.raises(Refusal, match="PATIENT_NOT_FOUND"):
        check_may_upload(physician, uuid4(), _PATIENT)


def test_an_account_uploads_for_the_patients_it_is_bound_to_only() -> None:
    account = _caller("account", None, Entitlement(_PRACTICE, _PATIENT, "self"))
    assert check_may_upload(account, _PRACTICE, _PATIENT) == _PRACTICE
    for practice_id, patient_id in ((None, _PATIENT), (uuid4(), _PATIENT), (_PRACTICE, uuid4())):
        with pytest.raises(Refusal, match="PATIENT_NOT_FOUND"):
            check_may_upload(account, practice_id, patient_id)


@pytest.mark.parametrize(
    ("header", "content", "reason"),
    [
        (_HEADER, Content(0, bytes(32), ""), "ATTACHMENT_EMPTY"),
        (replace(_HEADER, size=2), Content(1, bytes(32), ""), "SIZE_MISMATCH"),
        (replace(_HEADER, sha256=b"x" * 32), Content(1, bytes(32), ""), "HASH_MISMATCH"),
    ],
)
def test_content_that_is_not_as_declared_is_refused(header: Header, content: Content, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        check_content(header, content)


def test_content_as_declared_is_taken() -> None:
    check_content(_HEADER, Content(1, bytes(32), ""))
    check_content(replace(_HEADER, size=1, sha256=bytes(32)), Content(1, bytes(32), ""))


@pytest.mark.parametrize(
    "holding",
    [
        _HOLDING,
        replace(_HOLDING, state=State.CLAIMED, message_id=_MESSAGE),
        replace(_HOLDING, state=State.ATTACHED, message_id=_MESSAGE),
    ],
)
def test_a_free_document_or_the_messages_own_may_be_claimed(holding: Holding) -> None:
    check_claim(_CLAIM, {_DOCUMENT: holding})


@pytest.mark.parametrize(
    "found",
    [
        {},
        {_DOCUMENT: replace(_HOLDING, patient_id=uuid4())},
        {_DOCUMENT: replace(_HOLDING, uploader_id=uuid4())},
        {_DOCUMENT: replace(_HOLDING, state=State.UPLOADING)},
        {_DOCUMENT: replace(_HOLDING, state=State.DELETING, message_id=_MESSAGE)},
        {_DOCUMENT: replace(_HOLDING, state=State.CLAIMED, message_id=uuid4())},
        {_DOCUMENT: replace(_HOLDING, state=State.ATTACHED, message_id=uuid4())},
    ],
)
def test_any_other_document_looks_like_none(found: dict[UUID, Holding]) -> None:
    with pytest.raises(Refusal) as refused:
        check_claim(_CLAIM, found)
    assert refused.value.reason == "ATTACHMENT_NOT_FOUND"
    assert refused.value.metadata["attachment_id"] == str(_DOCUMENT)


def test_a_document_is_served_as_what_it_proved_to_be() -> None:
    assert served_type("application/pdf", "image/png") == "image/png"
    assert served_type("application/pdf", "") == "application/pdf"
