"""That the code knows each reason and each method of the contract, and no other."""

import inspect

from chassis.refusal import Refusal
from praxispost.notifier.v1 import notices_pb2, prompts_pb2
from praxispost.notifier.v1.error_reason_pb2 import ErrorReason
from services.notifier import refusals
from services.notifier.access import ACCESS


def test_there_is_one_refusal_for_each_reason_of_the_contract() -> None:
    functions = [value for _, value in inspect.getmembers(refusals, inspect.isfunction)]
    made = [function() for function in functions]
    assert all(isinstance(refusal, Refusal) for refusal in made)
    reasons = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.DESCRIPTOR.values_by_name} - {
        "UNSPECIFIED"
    }
    assert sorted(refusal.reason for refusal in made) == sorted(reasons)


def test_every_method_of_the_contract_has_a_rule() -> None:
    methods = {
        f"/{service.full_name}/{method.name}"
        for contract in (notices_pb2, prompts_pb2)
        for service in contract.DESCRIPTOR.services_by_name.values()
        for method in service.methods
    }
    assert set(ACCESS) == methods
