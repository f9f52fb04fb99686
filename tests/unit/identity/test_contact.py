"""Addresses and numbers have one form, and an index finds them in whatever form they were typed."""

import pytest

from chassis.keys import BlindIndex
from chassis.refusal import Refusal
from services.identity.contact import ContactIndex, email_address, mobile_number, region_code, typed_pair

INDEX = ContactIndex(BlindIndex(bytes(32)))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Mia.Meier+post@Example.COM ", "Mia.Meier+post@example.com"),
        ("mia@MÜLLER.example", "mia@xn--mller-kva.example"),
        ("mia@xn--mller-kva.example", "mia@xn--mller-kva.example"),
        ("m.i.a@example.com", "m.i.a@example.com"),
    ],
)
def test_an_address_is_kept_trimmed_with_its_domain_in_ascii(typed: str, kept: str) -> None:
    assert email_address("email", typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "mia",
        "mia@",
        "@example.com",
        "mia@localhost",
        "mia@example",
        "mia@[127.0.0.1]",
        "mia meier@example.com",
        '"mia meier"@example.com',
        "Mia <mia@example.com>",
        "mia@example.com, eva@example.com",
        "mia@example.com\r\nBcc: eva@example.com",
        "mia@praxis.invalid",
        "müller@example.com",
        "x" * 65 + "@example.com",
        "x@" + "y" * 255 + ".com",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        email_address("data.email", typed)
    assert refused.value.fields[0].field == "data.email"
    assert not typed or typed not in str(refused.value.fields)


def test_people_with_the_same_domain_have_each_their_own_address() -> None:
    people = ("mia@Example.com", "eva@Example.com", "mia@example.org", "mia@Example.com")
    assert [email_address("email", each) for each in people] == [
        "mia@example.com",
        "eva@example.com",
        "mia@example.org",
        "mia@example.com",
    ]


@pytest.mark.parametrize(
    ("typed", "region", "kept"),
    [
        ("0171 1234567", "DE", "+491711234567"),
        ("+49 (0)171 / 123-4567", "DE", "+491711234567"),
        ("0049 171 1234567", "DE", "+491711234567"),
        ("0664 1234567", "AT", "+436641234567"),
        ("+43 664 1234567", "DE", "+436641234567"),
        ("201 555 0123", "US", "+12015550123"),
        ("\uff10\uff11\uff17\uff11 1234567", "DE", "+491711234567"),
    ],
)
def test_a_number_is_kept_in_e164(typed: str, region: str, kept: str) -> None:
    assert mobile_number("mobile", typed, region) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "030 123456", "0171", "112", "0800 3302000", "0900 1 123456", "abc", "1" * 41, "0171 1234567x9"],
)
def test_what_cannot_receive_an_sms_is_refused(typed: str) -> None:
    with pytest.raises(Refusal) as refused:
        mobile_number("data.mobile", typed, "DE")
    assert refused.value.fields[0].field == "data.mobile"


@pytest.mark.parametrize("typed", ["", "de", "ZZ", "DEU", "001"])
def test_a_region_is_one_that_has_numbers(typed: str) -> None:
    assert region_code("region", "CH") == "CH"
    with pytest.raises(Refusal):
        region_code("region", typed)


def test_all_that_is_wrong_with_a_pair_is_said_at_once() -> None:
    with pytest.raises(Refusal) as refused:
        typed_pair("nobody", "112", "DE")
    assert [each.field for each in refused.value.fields] == ["email", "mobile"]
    with pytest.raises(Refusal) as refused:
        typed_pair("a@b.example.com", "112", "DE")
    assert [each.field for each in refused.value.fields] == ["mobile"]
    assert typed_pair("a@B.example.com ", "0151 12345678", "DE") == ("a@b.example.com", "+4915112345678")


def test_the_case_of_an_address_does_not_matter_to_its_index() -> None:
    assert INDEX.email("Mia@example.com") == INDEX.email("mIA@example.com")
    assert INDEX.pair("Mia@example.com", "+491711234567") == INDEX.pair("mia@example.com", "+491711234567")


def test_indexes_of_different_kinds_cannot_be_compared() -> None:
    indexes = {
        INDEX.email("+491711234567"),
        INDEX.mobile("+491711234567"),
        INDEX.pair("", "+491711234567"),
        INDEX.pair("mia@example.com", "+491711234567"),
        INDEX.pair("mia@example.com", "+491711234568"),
    }
    assert len(indexes) == 5
