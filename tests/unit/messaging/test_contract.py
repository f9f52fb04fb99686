"""Messaging's code and its contracts say the same."""

import enum
import inspect
from pathlib import Path

import pytest
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper

from chassis.refusal import Refusal
from praxispost.messaging.v1 import (
    drafts_pb2,
    error_reason_pb2,
    messaging_pb2,
    withdrawals_pb2,
    work_pb2,
)
from services.messaging import refusals
from services.messaging.access import ACCESS, STREAMS
from services.messaging.changes.domain import ChangeKind
from services.messaging.messages.domain import AuthorKind, Direction, Purpose, WithdrawalReason
from services.messaging.receipts.domain import Evidence, State
from services.messaging.receipts.facts import FactKind, Failure, Reader
from services.messaging.work.domain import ConversationState, WorkFilter, WorkKind

_ARGUMENTS = {"contact_missing": (["email"],), "attachment_not_found": ("an id",), "draft_changed": (2,)}


@pytest.mark.parametrize(
    ("own", "wire", "prefix"),
    [
        (Direction, messaging_pb2.Direction, "DIRECTION_"),
        (Purpose, messaging_pb2.Purpose, "PURPOSE_"),
        (AuthorKind, messaging_pb2.AuthorKind, "AUTHOR_KIND_"),
        (WithdrawalReason, messaging_pb2.WithdrawalReason, "WITHDRAWAL_REASON_"),
        (State, messaging_pb2.ReceiptState, "RECEIPT_STATE_"),
        (Evidence, messaging_pb2.ReceivedEvidence, "RECEIVED_EVIDENCE_"),
        (Failure, messaging_pb2.FailureReason, "FAILURE_REASON_"),
        (Reader, messaging_pb2.Reader, "READER_"),
        (FactKind, messaging_pb2.ReceiptFactKind, "RECEIPT_FACT_KIND_"),
        (ChangeKind, messaging_pb2.ChangeKind, "CHANGE_KIND_"),
        (ConversationState, messaging_pb2.ConversationState, "CONVERSATION_STATE_"),
        (WorkFilter, work_pb2.WorkFilter, "WORK_FILTER_"),
        (WorkKind, work_pb2.WorkKind, "WORK_KIND_"),
    ],
)
def test_enumerations_have_the_numbers_of_the_contract(
    own: type[enum.IntEnum], wire: EnumTypeWrapper, prefix: str
) -> None:
    ours = {f"{prefix}{each.name}": each.value for each in own}
    assert {f"{prefix}UNSPECIFIED": 0, **ours} == dict(wire.items())


def test_there_is_one_refusal_for_each_reason() -> None:
    functions = [each for _, each in inspect.getmembers(refusals, inspect.isfunction)]
    made = [each(*_ARGUMENTS.get(each.__name__, ())) for each in functions]
    assert all(isinstance(each, Refusal) for each in made)
    reasons = {f"ERROR_REASON_{each.reason}" for each in made}
    assert reasons == set(error_reason_pb2.ErrorReason.keys()) - {"ERROR_REASON_UNSPECIFIED"}


def test_refusals_have_the_status_that_the_contract_names() -> None:
    contract = Path("protos/praxispost/messaging/v1/error_reason.proto").read_text(encoding="utf-8")
    for name, function in inspect.getmembers(refusals, inspect.isfunction):
        refusal = function(*_ARGUMENTS.get(name, ()))
        comment = contract.split(f"ERROR_REASON_{refusal.reason} ")[0].rsplit("//", 1)[1]
        assert comment.strip().startswith(f"{refusal.status.name}: ")


@pytest.mark.parametrize(
    "service",
    [
        messaging_pb2.DESCRIPTOR.services_by_name["MessagingService"],
        withdrawals_pb2.DESCRIPTOR.services_by_name["WithdrawalService"],
        drafts_pb2.DESCRIPTOR.services_by_name["DraftService"],
        work_pb2.DESCRIPTOR.services_by_name["WorkService"],
    ],
    ids=lambda service: service.name,
)
def test_every_method_has_its_roles(service: ServiceDescriptor) -> None:
    methods = {f"/{service.full_name}/{method.name}" for method in service.methods}
    assert methods == {each for each in ACCESS if each.startswith(f"/{service.full_name}/")}
    assert ACCESS.keys() >= STREAMS
