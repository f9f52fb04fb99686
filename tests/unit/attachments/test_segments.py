"""The segmented encryption of documents: what is sealed comes back from any offset, and nothing else does."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import assume, given
from hypothesis import strategies as st

from services.attachments.segments import (
    HEADER_SIZE,
    SEGMENT_SIZE,
    DocumentDamaged,
    SegmentOpener,
    SegmentSealer,
    new_key,
    sealed_range,
    sealed_segment_size,
    sealed_size,
    segment_count,
)

_KEY = new_key()
_BELONGS_TO = b"practice patient attachment"
_PATTERN = bytes(range(251)) * 2_000

_sizes = st.one_of(
    st.integers(0, 4 * SEGMENT_SIZE),
    st.integers(0, 4).flatmap(lambda n: st.integers(max(0, n * SEGMENT_SIZE - 1), n * SEGMENT_SIZE + 1)),
)


def _document(size: int) -> bytes:
    return _PATTERN[:size]


def _seal(
    document: bytes, piece: int = SEGMENT_SIZE, key: bytes = _KEY, belongs_to: bytes = _BELONGS_TO
) -> bytes:
    sealer = SegmentSealer(key, belongs_to)
    pieces = (document[start : start + piece] for start in range(0, len(document), piece))
    return sealer.header + b"".join(sealer.update(each) for each in pieces) + sealer.finish()


def _segments(sealed: bytes, size: int) -> list[bytes]:
    position, segments = HEADER_SIZE, []
    for index in range(segment_count(size)):
        end = position + sealed_segment_size(size, index)
        segments.append(sealed[position:end])
        position = end
    assert position == len(sealed)
    return segments


def _open(sealed: bytes, size: int, offset: int = 0, belongs_to: bytes = _BELONGS_TO) -> bytes:
    wanted = sealed_range(size, offset)
    opener = SegmentOpener(_KEY, sealed[:HEADER_SIZE], belongs_to, size)
    position, plaintext = wanted.start, b""
    for index in range(wanted.first, segment_count(size)):
        end = position + sealed_segment_size(size, index)
        plaintext += opener.open(index, sealed[position:end])
        position = end
    assert position == wanted.start + wanted.length
    return plaintext[wanted.skip :]


def _rejoined(header: bytes, segments: list[bytes], size: int) -> bytes:
    opener = SegmentOpener(_KEY, header, _BELONGS_TO, size)
    return b"".join(opener.open(index, segment) for index, segment in enumerate(segments))


@given(size=_sizes, piece=st.integers(1, 3 * SEGMENT_SIZE))
def test_a_document_comes_back_however_it_was_cut_into_pieces(size: int, piece: int) -> None:
    assume(size // piece < 500)
    sealed = _seal(_document(size), piece)
    assert len(sealed) == sealed_size(size)
    assert _open(sealed, size) == _document(size)


@given(size=_sizes, data=st.data())
def test_a_document_can_be_read_from_any_offset(size: int, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, size))
    assert _open(_seal(_document(size)), size, offset) == _document(size)[offset:]


@pytest.mark.parametrize(("size", "offset"), [(0, 1), (10, 11), (10, -1)])
def test_an_offset_outside_the_document_has_no_range(size: int, offset: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        sealed_range(size, offset)


@given(size=_sizes, piece=st.integers(1_000, 300_000))
def test_a_sealed_document_is_what_the_format_says(size: int, piece: int) -> None:
    sealed, cipher = _seal(_document(size), piece), AESGCM(_KEY)
    header, starts = sealed[:HEADER_SIZE], range(0, max(size, 1), SEGMENT_SIZE)
    wanted = [
        cipher.encrypt(
            header[1:] + index.to_bytes(4, "big") + bytes([start == starts[-1]]),
            _document(size)[start : start + SEGMENT_SIZE],
            header + _BELONGS_TO,
        )
        for index, start in enumerate(starts)
    ]
    assert (header[:1], sealed[HEADER_SIZE:]) == (b"\x01", b"".join(wanted))


def test_the_same_document_sealed_twice_looks_different() -> None:
    assert _seal(_document(100))[HEADER_SIZE:] != _seal(_document(100))[HEADER_SIZE:]


@given(size=st.integers(0, 2 * SEGMENT_SIZE + 5), data=st.data())
def test_any_changed_byte_is_refused(size: int, data: st.DataObject) -> None:
    sealed = bytearray(_seal(_document(size)))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(DocumentDamaged):
        _open(bytes(sealed), size)


@given(size=st.integers(1, 3 * SEGMENT_SIZE + 5), data=st.data())
def test_a_truncated_document_is_refused_even_when_its_size_is_believed(
    size: int, data: st.DataObject
) -> None:
    shorter = data.draw(st.integers(0, size - 1))
    with pytest.raises(DocumentDamaged):
        _open(_seal(_document(size))[: sealed_size(shorter)], shorter)


@given(count=st.integers(2, 4), data=st.data())
def test_segments_in_another_order_are_refused(count: int, data: st.DataObject) -> None:
    size = count * SEGMENT_SIZE
    sealed = _seal(_document(size))
    segments = _segments(sealed, size)
    order = data.draw(st.permutations(range(count)))
    assume(list(order) != list(range(count)))
    with pytest.raises(DocumentDamaged):
        _rejoined(sealed[:HEADER_SIZE], [segments[index] for index in order], size)


@given(count=st.integers(2, 4), data=st.data())
def test_a_repeated_or_missing_segment_is_refused(count: int, data: st.DataObject) -> None:
    size = count * SEGMENT_SIZE
    sealed = _seal(_document(size))
    segments = _segments(sealed, size)
    at = data.draw(st.integers(0, count - 1))
    repeated = [*segments[:at], segments[at], *segments[at:]]
    missing = [*segments[:at], *segments[at + 1 :]]
    for changed in (repeated, missing):
        with pytest.raises(DocumentDamaged):
            _rejoined(sealed[:HEADER_SIZE], changed, len(changed) * SEGMENT_SIZE)


@given(index=st.integers(0, 2))
def test_a_segment_of_another_document_is_refused_under_the_same_key(index: int) -> None:
    size = 3 * SEGMENT_SIZE
    sealed, foreign = _seal(_document(size)), _seal(_document(size))
    segments = _segments(sealed, size)
    segments[index] = _segments(foreign, size)[index]
    with pytest.raises(DocumentDamaged):
        _rejoined(sealed[:HEADER_SIZE], segments, size)


def test_a_document_that_belongs_elsewhere_or_has_another_key_is_refused() -> None:
    sealed = _seal(_document(10))
    with pytest.raises(DocumentDamaged):
        _open(sealed, 10, belongs_to=b"another patient")
    with pytest.raises(DocumentDamaged):
        _open(_seal(_document(10), key=new_key()), 10)


@pytest.mark.parametrize("header", [b"", b"\x01" * 7, b"\x02" + b"\x00" * 7, b"\x01" * 9])
def test_a_header_of_another_length_or_version_is_refused(header: bytes) -> None:
    with pytest.raises(DocumentDamaged):
        SegmentOpener(_KEY, header, _BELONGS_TO, 10)
