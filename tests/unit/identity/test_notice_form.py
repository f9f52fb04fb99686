"""The form of a waiting notice: the same length for all, and nothing lost."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from praxispost.notifier.v1 import notices_pb2
from services.identity.notices import Notice, Recipient, decoded, encoded
from services.identity.notifier import notice_request

_ENDS = datetime(2026, 11, 22, 12, tzinfo=UTC)
_NOTICES = [
    Notice(Recipient.nobody(), "login_code", "123456", _ENDS, "de"),
    Notice(Recipient.account(uuid4()), "login_code", "123456", _ENDS, "de"),
    Notice(Recipient.mobile("+4915112345678"), "registration_code", "012345", _ENDS, "en"),
    Notice(Recipient.email("ä" * 60 + "@example.com"), "registration_code", "012345", _ENDS, "de"),
    Notice(Recipient.account_email(uuid4()), "reset_code", "123456", _ENDS, "de"),
    Notice(Recipient.mobile("+4915112345678"), "contact_changed", "", _ENDS, "en"),
    Notice(Recipient.email("x" * 254), "invitation", "ABCDE-FGHIJ", _ENDS, "de", '\\"😀' * 40),
]


def test_every_notice_has_the_same_length_and_comes_back_whole() -> None:
    assert len({len(encoded(notice)) for notice in _NOTICES}) == 1
    assert [decoded(encoded(notice)) for notice in _NOTICES] == _NOTICES


def test_a_notice_longer_than_any_can_be_is_refused() -> None:
    with pytest.raises(ValueError, match="longer"):
        encoded(Notice(Recipient.email("x" * 5000), "invitation", "", _ENDS, "de"))


def test_a_notice_becomes_what_the_contract_says() -> None:
    notice_id = uuid4()
    by_sms = notice_request(notice_id, _NOTICES[2])
    assert (by_sms.notice_id, by_sms.mobile, by_sms.registration_code.code) == (
        str(notice_id),
        "+4915112345678",
        "012345",
    )
    assert by_sms.language == notices_pb2.NOTICE_LANGUAGE_ENGLISH
    invitation = notice_request(notice_id, _NOTICES[6])
    assert invitation.WhichOneof("recipient") == "email"
    assert invitation.invitation.practice_name == _NOTICES[6].practice_name
    assert invitation.invitation.expires_at.ToDatetime(UTC) == _ENDS
    login = notice_request(notice_id, Notice(Recipient.mobile("+49"), "login_code", "1", _ENDS, "de"))
    assert login.WhichOneof("content") == "login_code"
    for kind in ("reset_code", "contact_code", "contact_changed", "password_changed", "access_granted"):
        request = notice_request(notice_id, Notice(Recipient.email("a@b.example"), kind, "1", _ENDS, "de"))
        assert request.WhichOneof("content") == kind
