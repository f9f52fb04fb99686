"""Stand-ins for identity and attachments behind real gRPC, so that what they answer is really translated."""

from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

import grpc
from grpc import aio

from chassis.refusal import Refusal, Status, dependency_unavailable
from praxispost.attachments.v1 import attachments_pb2
from praxispost.identity.v1 import patients_pb2, staff_pb2

Context: TypeAlias = aio.ServicerContext[object, object]

STATE = "/praxispost.identity.v1.PatientService/GetPatientState"
STAFF = "/praxispost.identity.v1.StaffService/GetStaffState"
CLAIM = "/praxispost.attachments.v1.AttachmentService/ClaimAttachments"
WITHDRAW = "/praxispost.attachments.v1.AttachmentService/WithdrawAttachments"
ERASE = "/praxispost.attachments.v1.AttachmentService/EraseAttachments"
ANYBODY = {each: frozenset({"anonymous"}) for each in (STATE, STAFF, CLAIM, WITHDRAW, ERASE)}


@dataclass
class Neighbours:
    """What the neighbours know, and what they were asked."""

    states: dict[tuple[UUID, UUID], patients_pb2.GetPatientStateResponse] = field(default_factory=dict)
    members: dict[tuple[UUID, UUID], staff_pb2.StaffState.ValueType] = field(default_factory=dict)
    documents: dict[str, attachments_pb2.ClaimedAttachment] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    asked: list[UUID] = field(default_factory=list)
    claims: list[attachments_pb2.ClaimAttachmentsRequest] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)

    async def state(
        self, request: patients_pb2.GetPatientStateRequest, context: Context
    ) -> patients_pb2.GetPatientStateResponse:
        self.asked.append(UUID(request.patient_id))
        if "identity" in self.away:
            raise dependency_unavailable("database")
        state = self.states.get((UUID(request.practice_id), UUID(request.patient_id)))
        if state is None:
            raise Refusal(Status.NOT_FOUND, "PATIENT_NOT_FOUND", "There is no such patient.")
        return state

    async def member(
        self, request: staff_pb2.GetStaffStateRequest, context: Context
    ) -> staff_pb2.GetStaffStateResponse:
        if "identity" in self.away:
            raise dependency_unavailable("database")
        state = self.members.get((UUID(request.practice_id), UUID(request.staff_id)))
        if state is None:
            raise Refusal(Status.NOT_FOUND, "STAFF_MEMBER_NOT_FOUND", "There is no such staff member.")
        return staff_pb2.GetStaffStateResponse(state=state)

    async def claim(
        self, request: attachments_pb2.ClaimAttachmentsRequest, context: Context
    ) -> attachments_pb2.ClaimAttachmentsResponse:
        self.claims.append(request)
        if "attachments" in self.away:
            raise dependency_unavailable("database")
        for each in request.attachment_ids:
            if each not in self.documents:
                metadata = {"attachment_id": each}
                raise Refusal(
                    Status.NOT_FOUND, "ATTACHMENT_NOT_FOUND", "no such attachment", metadata=metadata
                )
        claimed = [self.documents[each] for each in request.attachment_ids]
        return attachments_pb2.ClaimAttachmentsResponse(attachments=claimed)

    async def withdraw(
        self, request: attachments_pb2.WithdrawAttachmentsRequest, context: Context
    ) -> attachments_pb2.WithdrawAttachmentsResponse:
        if "attachments" in self.away:
            raise dependency_unavailable("database")
        self.withdrawn.append(request.message_id)
        return attachments_pb2.WithdrawAttachmentsResponse()

    async def erase(
        self, request: attachments_pb2.EraseAttachmentsRequest, context: Context
    ) -> attachments_pb2.EraseAttachmentsResponse:
        if "attachments" in self.away:
            raise dependency_unavailable("database")
        self.erased.append(request.message_id)
        return attachments_pb2.EraseAttachmentsResponse()


def add_to_server(neighbours: Neighbours, server: aio.Server) -> None:
    """Serve the methods that messaging calls."""
    state = grpc.unary_unary_rpc_method_handler(
        neighbours.state,
        patients_pb2.GetPatientStateRequest.FromString,
        patients_pb2.GetPatientStateResponse.SerializeToString,
    )
    claim = grpc.unary_unary_rpc_method_handler(
        neighbours.claim,
        attachments_pb2.ClaimAttachmentsRequest.FromString,
        attachments_pb2.ClaimAttachmentsResponse.SerializeToString,
    )
    member = grpc.unary_unary_rpc_method_handler(
        neighbours.member,
        staff_pb2.GetStaffStateRequest.FromString,
        staff_pb2.GetStaffStateResponse.SerializeToString,
    )
    withdraw = grpc.unary_unary_rpc_method_handler(
        neighbours.withdraw,
        attachments_pb2.WithdrawAttachmentsRequest.FromString,
        attachments_pb2.WithdrawAttachmentsResponse.SerializeToString,
    )
    erase = grpc.unary_unary_rpc_method_handler(
        neighbours.erase,
        attachments_pb2.EraseAttachmentsRequest.FromString,
        attachments_pb2.EraseAttachmentsResponse.SerializeToString,
    )
    for method, handler in (
        (STATE, state),
        (STAFF, member),
        (CLAIM, claim),
        (WITHDRAW, withdraw),
        (ERASE, erase),
    ):
        _, service, name = method.split("/")
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {name: handler}),))
