"""The password policy: what people may choose."""

import pytest

from chassis.refusal import Refusal
from services.identity.password_policy import ACCOUNT_MINIMUM, MAXIMUM, STAFF_MINIMUM, check_choice

_EMAIL = "erika.beispiel@praxis-am-park.example"


def refusal(password: str, minimum: int = ACCOUNT_MINIMUM) -> str:
    with pytest.raises(Refusal) as caught:
        check_choice(password, email=_EMAIL, minimum=minimum)
    return caught.value.reason


@pytest.mark.parametrize(
    "password",
    [
        "passwort",
        "Passwort1",
        "P4$$w0rt!",
        "passwortpasswort",
        "password12345678",
        "!!Sommer2024!!",
        "sonnenschein",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabc",
        "12345678",
        "9876543210",
        "qwertzuiop",
        "poiuztrewq",
        "1q2w3e4r5t",
        "hausarztpraxis",
    ],
)
def test_what_is_tried_first_is_refused(password: str) -> None:
    assert refusal(password) == "PASSWORD_TOO_WEAK"


@pytest.mark.parametrize(
    "password", [_EMAIL, _EMAIL.upper(), "Erika.Beispiel", "beispiel2024", "praxis-am-park"]
)
def test_the_own_address_is_no_password(password: str) -> None:
    assert refusal(password) == "PASSWORD_TOO_WEAK"


@pytest.mark.parametrize(
    "password",
    [
        "zwölf grüne Enten",
        "пароль-для-врача",
        "病院への道は遠い",
        "Vk7#qP2!",
        "x" * 4 + "Zebra fliegt heim",
        "🦊🐻🦉🐢🐙🦋🐝🦀",
    ],
)
def test_any_script_makes_a_good_password(password: str) -> None:
    assert check_choice(password, email=_EMAIL, minimum=ACCOUNT_MINIMUM)


def test_staff_need_fifteen_characters_and_accounts_eight() -> None:
    fourteen = "vierzehn Ente!"
    assert len(fourteen) == STAFF_MINIMUM - 1
    assert refusal(fourteen, STAFF_MINIMUM) == "PASSWORD_TOO_WEAK"
    assert check_choice(fourteen + "n", email=_EMAIL, minimum=STAFF_MINIMUM)
    assert refusal("Vk7#qP2", ACCOUNT_MINIMUM) == "PASSWORD_TOO_WEAK"


def test_an_endless_password_is_a_malformed_field() -> None:
    long = "Zwölf Enten " * 30
    assert refusal(long) == "INVALID_FIELD"
    assert check_choice(
        ("Zwölf Enten! Dreizehn Gänse? " * 20)[:MAXIMUM], email=_EMAIL, minimum=ACCOUNT_MINIMUM
    )


def test_both_ways_to_type_an_umlaut_are_the_same_password() -> None:
    composed = check_choice("Vögel zwitschern", email=_EMAIL, minimum=ACCOUNT_MINIMUM)
    decomposed = check_choice("Vo\u0308gel zwitschern", email=_EMAIL, minimum=ACCOUNT_MINIMUM)
    assert composed == decomposed


def test_length_counts_what_is_left_after_normalisation() -> None:
    seven = "o\u0308u\u0308a\u0308e\u0308xyz"
    assert refusal(seven) == "PASSWORD_TOO_WEAK"
