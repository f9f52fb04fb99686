"""Codes and how long an address waits for the next one."""

import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.identity.code_windows import wait
from services.identity.codes import Codes, invitation_code, invitation_code_as_typed, six_digits

_NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def ago(*minutes: float) -> list[datetime]:
    return [_NOW - timedelta(minutes=each) for each in minutes]


def test_a_code_has_six_digits_leading_zeros_included() -> None:
    codes = [six_digits() for _ in range(1000)]
    assert all(re.fullmatch("[0-9]{6}", code) for code in codes)
    assert len(set(codes)) > 900


def test_an_invitation_is_typed_in_many_ways() -> None:
    code = invitation_code()
    assert re.fullmatch("[A-Z2-7]{5}-[A-Z2-7]{5}", code)
    for typed in (code, code.lower(), code.replace("-", ""), f" {code} ", code.replace("-", " - ")):
        assert invitation_code_as_typed(typed) == code.replace("-", "")


def test_a_stored_code_tells_nothing_without_key_flow_and_purpose() -> None:
    flow, codes = uuid4(), Codes(b"k" * 32)
    hashes = {
        codes.hashed("login_sms", flow, "123456"),
        codes.hashed("registration_sms", flow, "123456"),
        codes.hashed("login_sms", uuid4(), "123456"),
        codes.hashed("login_sms", flow, "123457"),
        Codes(b"x" * 32).hashed("login_sms", flow, "123456"),
    }
    assert len(hashes) == 5


@pytest.mark.parametrize(
    ("sent", "minutes"),
    [
        (ago(), 0),
        (ago(1, 2), 0),
        (ago(1, 2, 3), 12),
        (ago(14, 14, 14, 1), 1),
        (ago(1, 16, 17), 0),
        (ago(*range(20, 200, 20)), 0),
        (ago(*range(20, 220, 20)), 24 * 60 - 200),
        (ago(1, 2, 3, *range(20, 160, 20)), 24 * 60 - 140),
    ],
)
def test_three_in_a_quarter_of_an_hour_and_ten_a_day(sent: list[datetime], minutes: int) -> None:
    assert wait(sent, _NOW) == timedelta(minutes=minutes)
