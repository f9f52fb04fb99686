"""What the contract says of refusals and methods, and what the code knows of them, is the same."""

import inspect
from uuid import uuid4

from chassis.refusal import Refusal
from praxispost.attachments.v1 import attachments_pb2, usage_pb2
from praxispost.attachments.v1.error_reason_pb2 import ErrorReason
from services.attachments import refusals
from services.attachments.access import ACCESS


def test_there_is_a_refusal_for_every_reason_and_no_other() -> None:
    arguments = {"attachment_id": uuid4(), "limit": 1, "quota_bytes": 1}
    made: set[str] = set()
    for _, function in inspect.getmembers(refusals, inspect.isfunction):
        wanted = inspect.signature(function).parameters
        refusal = function(**{name: arguments[name] for name in wanted})
        assert isinstance(refusal, Refusal)
        made.add(f"ERROR_REASON_{refusal.reason}")
    assert made == set(ErrorReason.keys()) - {"ERROR_REASON_UNSPECIFIED"}


def test_every_method_has_a_rule() -> None:
    files = (attachments_pb2.DESCRIPTOR, usage_pb2.DESCRIPTOR)
    services = [service for file in files for service in file.services_by_name.values()]
    methods = {f"/{service.full_name}/{method.name}" for service in services for method in service.methods}
    assert set(ACCESS) == methods
