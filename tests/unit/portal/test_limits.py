"""Whom a limit counts, and how often."""

from datetime import timedelta

import pytest
from starlette.requests import Request

from services.portal.limits import AddressLimit, TooOften, client_network


def _request(peer: str, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return Request({"type": "http", "method": "GET", "path": "/", "client": (peer, 1), "headers": headers})


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "counted"),
    [
        ("192.0.2.1", (), 0, "192.0.2.1"),
        ("192.0.2.1", ("198.51.100.7",), 0, "192.0.2.1"),
        ("192.0.2.1", (), 1, "192.0.2.1"),
        ("192.0.2.1", ("203.0.113.9, 198.51.100.7",), 1, "198.51.100.7"),
        ("192.0.2.1", ("203.0.113.9", "198.51.100.7"), 1, "198.51.100.7"),
        ("192.0.2.1", ("203.0.113.9", "198.51.100.7, 192.0.2.2"), 2, "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", (), 0, "2001:db8:1:2::"),
        ("::ffff:192.0.2.1", (), 0, "192.0.2.1"),
        ("192.0.2.1", ("no address",), 1, "unknown"),
    ],
)
def test_a_limit_counts_whom_the_nearest_trusted_proxy_saw(
    peer: str, forwarded: tuple[str, ...], proxies: int, counted: str
) -> None:
    assert client_network(_request(peer, *forwarded), proxies) == counted


def test_one_try_too_many_is_told_how_long_to_wait_and_others_go_on() -> None:
    now = 0.0
    limit = AddressLimit(2, timedelta(seconds=60), lambda: now)
    assert limit.take("a") is None
    assert limit.take("a") is None
    assert limit.take("a") == TooOften(61)
    assert limit.take("b") is None
    now = 61.0
    assert limit.take("a") is None


def test_good_tries_of_many_at_one_address_are_not_counted() -> None:
    limit = AddressLimit(1, timedelta(seconds=60), lambda: 0.0)
    for _ in range(5):
        assert limit.take("a") is None
        limit.give_back("a")
    assert limit.take("a") is None
    assert limit.take("a") is not None
    limit.give_back("nobody")
