"""Sealed values open where they belong and nowhere else."""

from uuid import UUID

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from chassis.blind_index import BlindIndex
from chassis.sealing import CiphertextMoved, Part, Place, Sealer, encode_parts

PLAINTEXT = st.binary(max_size=200)
PARTS = st.lists(st.one_of(st.text(max_size=12), st.uuids()), max_size=5).map(tuple)
KEY, OTHER_KEY = bytes(range(32)), bytes(reversed(range(32)))


def as_text(parts: tuple[Part, ...]) -> tuple[str, ...]:
    return tuple(str(part) for part in parts)


@given(plaintext=PLAINTEXT, place=PARTS)
def test_what_was_sealed_for_a_place_opens_there(plaintext: bytes, place: tuple[Part, ...]) -> None:
    sealer = Sealer({1: KEY})
    sealed = sealer.seal(plaintext, *place)
    assert sealer.open(sealed, *place) == plaintext
    assert len(sealed) == 5 + 12 + len(plaintext) + 16


@given(plaintext=PLAINTEXT, place=PARTS, other=PARTS)
def test_it_opens_at_no_other_place(
    plaintext: bytes, place: tuple[Part, ...], other: tuple[Part, ...]
) -> None:
    sealer = Sealer({1: KEY})
    sealed = sealer.seal(plaintext, *place)
    if as_text(place) != as_text(other):
        with pytest.raises(CiphertextMoved):
            sealer.open(sealed, *other)


@given(first=PARTS, second=PARTS)
def test_different_places_never_look_the_same(first: tuple[Part, ...], second: tuple[Part, ...]) -> None:
    assert (encode_parts(first) == encode_parts(second)) == (as_text(first) == as_text(second))


@given(data=st.data(), plaintext=PLAINTEXT)
def test_no_changed_bit_goes_unnoticed(data: st.DataObject, plaintext: bytes) -> None:
    sealer = Sealer({1: KEY})
    sealed = bytearray(sealer.seal(plaintext, "place"))
    position = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[position // 8] ^= 1 << position % 8
    with pytest.raises(CiphertextMoved):
        sealer.open(bytes(sealed), "place")


@given(st.binary(max_size=60))
def test_any_bytes_are_refused_in_the_same_way(noise: bytes) -> None:
    with pytest.raises(CiphertextMoved):
        Sealer({1: KEY}).open(noise, "place")


def test_another_subjects_key_opens_nothing() -> None:
    with pytest.raises(CiphertextMoved):
        Sealer({1: OTHER_KEY}).open(Sealer({1: KEY}).seal(b"text", "place"), "place")


def test_the_newest_key_seals_and_older_ones_still_open() -> None:
    old = Sealer({1: KEY}).seal(b"old", "place")
    both = Sealer({1: KEY, 2: OTHER_KEY})
    assert both.open(old, "place") == b"old"
    with pytest.raises(CiphertextMoved):
        Sealer({1: KEY}).open(both.seal(b"new", "place"), "place")


def test_what_joined_keys_sealed_opens_with_both_and_with_neither_alone() -> None:
    sealed = Sealer({1: KEY}).joined_with(OTHER_KEY).seal(b"text", "place")
    assert Sealer({1: KEY}).joined_with(OTHER_KEY).open(sealed, "place") == b"text"
    for lacking in (
        Sealer({1: KEY}),
        Sealer({1: OTHER_KEY}),
        Sealer({1: OTHER_KEY}).joined_with(KEY),
        Sealer({1: KEY}).joined_with(KEY),
    ):
        with pytest.raises(CiphertextMoved):
            lacking.open(sealed, "place")


def test_joined_keys_are_derived_as_rfc_5869_says() -> None:
    derived = HKDF(SHA256(), 32, salt=OTHER_KEY, info=b"praxispost: a subject's key and a data key").derive(
        KEY
    )
    sealed = Sealer({1: KEY}).joined_with(OTHER_KEY).seal(b"text", "place")
    assert Sealer({1: derived}).open(sealed, "place") == b"text"


def test_joined_keys_open_what_older_versions_of_the_subjects_key_sealed() -> None:
    old = Sealer({1: KEY}).joined_with(OTHER_KEY).seal(b"old", "place")
    assert Sealer({1: KEY, 2: OTHER_KEY}).joined_with(OTHER_KEY).open(old, "place") == b"old"


def test_sealing_the_same_twice_shows_nothing() -> None:
    sealer = Sealer({1: KEY})
    assert sealer.seal(b"same", "place") != sealer.seal(b"same", "place")


def test_an_id_and_its_text_are_the_same_place() -> None:
    sealer = Sealer({1: KEY})
    identifier = UUID(int=5)
    assert sealer.open(sealer.seal(b"x", identifier), str(identifier)) == b"x"


@given(
    purpose=st.text(max_size=8),
    value=st.text(max_size=8),
    other=st.tuples(st.text(max_size=8), st.text(max_size=8)),
)
def test_a_blind_index_is_equal_for_equal_purpose_and_value_only(
    purpose: str, value: str, other: tuple[str, str]
) -> None:
    index = BlindIndex(KEY)
    assert len(index.of(purpose, value)) == 32
    assert (index.of(purpose, value) == index.of(*other)) == ((purpose, value) == other)
    assert index.of(purpose, value) != BlindIndex(OTHER_KEY).of(purpose, value)


@given(common=PARTS, own=PARTS)
def test_parts_in_common_are_the_same_as_parts_one_by_one(
    common: tuple[Part, ...], own: tuple[Part, ...]
) -> None:
    assert encode_parts((Place.of(*common), *own)) == encode_parts((*common, *own))
    sealer = Sealer({1: KEY})
    assert sealer.open(sealer.seal(b"text", Place.of(*common), *own), *common, *own) == b"text"
