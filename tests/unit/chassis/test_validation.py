"""Checks of ids, text and page sizes."""

from uuid import UUID

import pytest

from chassis import validation
from chassis.refusal import Refusal, Status

_ID = "0b9c4b0e-6a63-4d0a-9d0b-0d0a3f1f2a11"
_OTHER_ID = "0b9c4b0e-6a63-4d0a-9d0b-0d0a3f1f2a12"


def _field_of(refused: pytest.ExceptionInfo[Refusal]) -> str:
    refusal = refused.value
    assert refusal.status is Status.INVALID_ARGUMENT
    assert refusal.reason == "INVALID_FIELD"
    return refusal.fields[0].field


def test_a_canonical_uuid_is_taken_in_either_case() -> None:
    assert validation.required_uuid("patient_id", _ID) == UUID(_ID)
    assert validation.required_uuid("patient_id", _ID.upper()) == UUID(_ID)


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "1",
        _ID.replace("-", ""),
        f"{{{_ID}}}",
        f"urn:uuid:{_ID}",
        f"{_ID}\n",
        f" {_ID}",
        _ID.replace("0", "\uff10"),
    ],
)
def test_what_is_not_a_canonical_uuid_is_refused_with_its_field(value: str) -> None:
    with pytest.raises(Refusal) as refused:
        validation.required_uuid("patient_id", value)
    assert _field_of(refused) == "patient_id"


def test_an_optional_uuid_may_be_empty_but_not_malformed() -> None:
    assert validation.optional_uuid("practice_id", "") is None
    assert validation.optional_uuid("practice_id", _ID) == UUID(_ID)
    with pytest.raises(Refusal):
        validation.optional_uuid("practice_id", "x")


def test_distinct_uuids_keep_their_order() -> None:
    assert validation.distinct_uuids("ids", [_OTHER_ID, _ID], maximum=2) == (UUID(_OTHER_ID), UUID(_ID))


def test_a_malformed_id_of_a_list_is_named_by_its_index() -> None:
    with pytest.raises(Refusal) as refused:
        validation.distinct_uuids("ids", [_ID, "x"], maximum=2)
    assert _field_of(refused) == "ids[1]"


@pytest.mark.parametrize("values", [[], [_ID, _OTHER_ID, _ID], [_ID, _ID.upper()]])
def test_a_list_of_ids_that_is_too_short_too_long_or_repeats_is_refused(values: list[str]) -> None:
    with pytest.raises(Refusal) as refused:
        validation.distinct_uuids("ids", values, minimum=1, maximum=2)
    assert _field_of(refused) == "ids"


def test_text_of_any_script_is_counted_in_characters() -> None:
    assert validation.text("body", "Grüße\r\n\tשלם 🩺", maximum=13)
    assert validation.text("body", "ü" * 10, maximum=10) == "ü" * 10


@pytest.mark.parametrize("value", ["", "  \n ", "x" * 11, "a\x00b", "a\x1bb", "a\x85b"])
def test_text_that_is_blank_too_long_or_has_control_characters_is_refused(value: str) -> None:
    with pytest.raises(Refusal) as refused:
        validation.text("body", value, maximum=10)
    assert _field_of(refused) == "body"


def test_text_may_be_empty_where_none_is_wanted() -> None:
    assert validation.text("reason", "", minimum=0, maximum=10) == ""


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\tb", "a\u2028b", "a\u2029b", "a\x0bb"])
def test_one_line_has_no_line_breaks(value: str) -> None:
    with pytest.raises(Refusal) as refused:
        validation.one_line("subject", value, maximum=10)
    assert _field_of(refused) == "subject"


def test_a_page_has_the_usual_size_unless_asked() -> None:
    assert validation.page_size(0) == 50
    assert validation.page_size(200) == 200
    assert validation.page_size(0, usual=200, maximum=1000) == 200


@pytest.mark.parametrize("value", [-1, 201])
def test_a_page_size_out_of_bounds_is_refused(value: int) -> None:
    with pytest.raises(Refusal) as refused:
        validation.page_size(value)
    assert _field_of(refused) == "page_size"
