"""The table of access names every method of identity's contracts, and nothing else."""

import pytest
from google.protobuf.descriptor import FileDescriptor

from praxispost.chassis.v1 import public_keys_pb2
from praxispost.identity.v1 import (
    access_pb2,
    account_changes_pb2,
    accounts_pb2,
    imports_pb2,
    password_reset_pb2,
    patients_pb2,
    practices_pb2,
    readers_pb2,
    registration_pb2,
    service_accounts_pb2,
    sessions_pb2,
    staff_pb2,
    step_up_pb2,
    tokens_pb2,
)
from services.identity.access import ACCESS

_FILES = (
    access_pb2,
    account_changes_pb2,
    accounts_pb2,
    imports_pb2,
    password_reset_pb2,
    patients_pb2,
    practices_pb2,
    readers_pb2,
    registration_pb2,
    service_accounts_pb2,
    sessions_pb2,
    staff_pb2,
    step_up_pb2,
    tokens_pb2,
    public_keys_pb2,
)


def _methods(file: FileDescriptor) -> set[str]:
    services = file.services_by_name.values()
    return {f"/{service.full_name}/{method.name}" for service in services for method in service.methods}


def test_every_method_is_in_the_table_and_the_table_holds_no_other() -> None:
    assert set(ACCESS) == set().union(*(_methods(file.DESCRIPTOR) for file in _FILES))


def test_only_keys_and_service_tokens_are_given_without_a_token() -> None:
    assert {method.rpartition("/")[2] for method, roles in ACCESS.items() if "anonymous" in roles} == {
        "IssueServiceToken",
        "ListPublicKeys",
    }


@pytest.mark.parametrize("role", ["portal", "operator", "messaging", "notifier", "attachments", "account"])
def test_nobody_but_a_practice_reads_or_writes_patients_records(role: str) -> None:
    own = {"messaging": {"GetPatientState"}, "notifier": {"ResolveContact", "ResolveContacts"}}
    may = {
        method.rpartition("/")[2]
        for method, roles in ACCESS.items()
        if "PatientService" in method and role in roles
    }
    assert may == own.get(role, set())
