"""Identity says no with the reasons of its contract, all of them and no others."""

import inspect
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from chassis.refusal import Refusal
from praxispost.identity.v1.error_reason_pb2 import ErrorReason
from services.identity import refusals

_ARGUMENTS = {"missing": ("email", "mobile"), "retry_after": timedelta(seconds=1.2)}


def _functions() -> dict[str, Callable[..., Any]]:
    members = inspect.getmembers(refusals, inspect.isfunction)
    return {name: each for name, each in members if not name.startswith("_")}


def _refusal(function: Callable[..., Any]) -> Refusal:
    names = inspect.signature(function).parameters
    refused = function(*(_ARGUMENTS[name] for name in names))
    assert isinstance(refused, Refusal)
    return refused


def test_every_reason_of_the_contract_has_its_function_and_every_function_its_reason() -> None:
    contract = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.DESCRIPTOR.values_by_name} - {
        "UNSPECIFIED"
    }
    own = {name: each for name, each in _functions().items() if each.__module__ == refusals.__name__}
    assert {name.upper() for name in own} == contract
    assert {_refusal(each).reason for each in own.values()} == contract


def test_a_wait_is_told_in_whole_seconds_that_suffice() -> None:
    assert refusals.too_many_codes(timedelta(seconds=1.2)).metadata["retry_after_seconds"] == "2"
    assert refusals.too_many_attempts(timedelta(0)).metadata["retry_after_seconds"] == "1"


def test_missing_contact_data_are_named() -> None:
    assert refusals.contact_missing(("email", "mobile")).metadata["missing"] == "email,mobile"
