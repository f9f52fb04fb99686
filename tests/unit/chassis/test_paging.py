"""Page tokens lead back to where they were made, and nothing else is one."""

import contextlib
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.paging import Position, read_position, read_token, split_page, write_token
from chassis.refusal import Refusal

NOW = datetime(2026, 3, 1, 8, 30, 0, 123456, tzinfo=UTC)


def test_a_token_leads_back_to_the_microsecond() -> None:
    position = Position(NOW, uuid4())
    assert read_position(position.token()) == position


def test_no_token_is_the_first_page() -> None:
    assert read_position("") is None


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "nonsense",
        "ä",
        "a" * 2000,
        write_token(),
        write_token("1"),
        write_token("1", "no id"),
        write_token("soon", str(UUID(int=1))),
        write_token("9" * 30, str(UUID(int=1))),
        write_token("1", str(UUID(int=1)), "2"),
        "WzEsMl0",
        "[" * 900,
    ],
)
def test_anything_else_is_refused_with_the_fields_name(token: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_position(token)
    assert refused.value.reason == "INVALID_FIELD"
    assert refused.value.fields[0].field == "page_token"


@given(st.lists(st.text(max_size=20), max_size=5))
def test_parts_come_back_as_they_were(parts: list[str]) -> None:
    assert read_token(write_token(*parts), len(parts)) == tuple(parts)


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    with contextlib.suppress(Refusal):
        read_position(text)


def test_another_page_follows_only_if_a_row_more_was_found() -> None:
    assert split_page([1, 2, 3], 2) == ([1, 2], 2)
    assert split_page([1, 2], 2) == ([1, 2], None)
    assert split_page([], 2) == ([], None)
