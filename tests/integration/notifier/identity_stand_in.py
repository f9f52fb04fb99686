"""Identity as the notifier sees it, over real gRPC: tokens, the keys that verify them, and contacts."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import grpc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from grpc import aio

from chassis.caller import Caller
from chassis.grpc_server import GrpcServer, GrpcSettings
from chassis.public_keys import PublicKeys
from chassis.refusal import Refusal, Status
from chassis.rpc_context import caller
from chassis.signing import SigningKey, VerifyingKey
from chassis.telemetry import Telemetry
from chassis.tokens import SERVICE_LIFETIME, TokenSigner, TokenVerifier
from praxispost.chassis.v1 import public_keys_pb2, public_keys_pb2_grpc
from praxispost.identity.v1 import patients_pb2, tokens_pb2

ACCOUNT_ID = uuid4()
SECRET = "das Geheimnis des Notifiers"
_ACCESS = {
    "/praxispost.chassis.v1.PublicKeysService/ListPublicKeys": frozenset({"anonymous"}),
    "/praxispost.identity.v1.TokenService/IssueServiceToken": frozenset({"anonymous"}),
    "/praxispost.identity.v1.PatientService/ResolveContact": frozenset({"notifier"}),
    "/praxispost.identity.v1.PatientService/ResolveContacts": frozenset({"notifier"}),
}


def _now() -> datetime:
    return datetime.now(UTC)


def refused(status: Status, reason: str) -> Refusal:
    """A refusal as identity would give it."""
    return Refusal(status, reason, "refused")


@dataclass
class Identity(public_keys_pb2_grpc.PublicKeysServiceServicer):
    """What it answers to ResolveContact, and to ResolveContacts of each record, is in the test's hand.

    `is_old`: it does not know ResolveContacts. `poison`: the patient of whom it can say nothing.
    """

    key: SigningKey = field(
        default_factory=lambda: SigningKey("stand-in", Ed25519PrivateKey.generate(), _now())
    )
    answer: patients_pb2.ResolveContactResponse | Refusal | ValueError = field(
        default_factory=patients_pb2.ResolveContactResponse
    )
    asked: list[tuple[Caller, patients_pb2.ResolveContactRequest]] = field(default_factory=list)
    asked_together: list[int] = field(default_factory=list)
    is_old: bool = False
    poison: str = ""
    target: str = ""

    def token(self, role: str, audience: str = "notifier", tenant_id: UUID | None = None) -> str:
        """A token of a service account with this role."""
        holder = Caller(ACCOUNT_ID, role, tenant_id, (), None, _now() + SERVICE_LIFETIME)
        return TokenSigner(self.key).sign(holder, audience, _now(), SERVICE_LIFETIME)

    async def ListPublicKeys(
        self,
        request: public_keys_pb2.ListPublicKeysRequest,
        context: object,
    ) -> public_keys_pb2.ListPublicKeysResponse:
        public = self.key.public
        key = public_keys_pb2.PublicKey(id=public.id, ed25519=public.ed25519)
        key.created_at.FromDatetime(public.created_at)
        return public_keys_pb2.ListPublicKeysResponse(keys=[key])

    async def issue_service_token(
        self, request: tokens_pb2.IssueServiceTokenRequest, context: object
    ) -> tokens_pb2.IssueServiceTokenResponse:
        if (request.account_id, request.secret) != (str(ACCOUNT_ID), SECRET):
            raise refused(Status.UNAUTHENTICATED, "CREDENTIALS_REFUSED")
        response = tokens_pb2.IssueServiceTokenResponse(token=self.token("notifier", request.audience))
        response.expires_at.FromDatetime(_now() + timedelta(minutes=5))
        return response

    async def resolve_contact(
        self, request: patients_pb2.ResolveContactRequest, context: object
    ) -> patients_pb2.ResolveContactResponse:
        self.asked.append((caller(), request))
        if request.patient_id == self.poison:
            raise ValueError("sealed for another record")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def resolve_contacts(
        self, request: patients_pb2.ResolveContactsRequest, context: object
    ) -> patients_pb2.ResolveContactsResponse:
        self.asked_together.append(len(request.records))
        if any(each.patient_id == self.poison for each in request.records):
            raise ValueError("sealed for another record")
        if isinstance(self.answer, Exception):
            raise self.answer
        contacts = [
            patients_pb2.ResolvedContact(
                practice_id=each.practice_id, patient_id=each.patient_id, contact=self.answer
            )
            for each in request.records[1:]
        ]
        return patients_pb2.ResolveContactsResponse(contacts=contacts)


def _add_tokens_and_contacts(standing_in: Identity, server: aio.Server) -> None:
    """Add the two methods of identity's that the notifier calls, without those that it does not."""
    issue = grpc.unary_unary_rpc_method_handler(
        standing_in.issue_service_token,
        request_deserializer=tokens_pb2.IssueServiceTokenRequest.FromString,
        response_serializer=tokens_pb2.IssueServiceTokenResponse.SerializeToString,
    )
    resolve = grpc.unary_unary_rpc_method_handler(
        standing_in.resolve_contact,
        request_deserializer=patients_pb2.ResolveContactRequest.FromString,
        response_serializer=patients_pb2.ResolveContactResponse.SerializeToString,
    )
    several = grpc.unary_unary_rpc_method_handler(
        standing_in.resolve_contacts,
        request_deserializer=patients_pb2.ResolveContactsRequest.FromString,
        response_serializer=patients_pb2.ResolveContactsResponse.SerializeToString,
    )
    of_patients = {"ResolveContact": resolve} | ({} if standing_in.is_old else {"ResolveContacts": several})
    for service, handlers in (
        ("TokenService", {"IssueServiceToken": issue}),
        ("PatientService", of_patients),
    ):
        named = grpc.method_handlers_generic_handler(f"praxispost.identity.v1.{service}", handlers)
        server.add_generic_rpc_handlers((named,))


@contextlib.asynccontextmanager
async def identity(*, is_old: bool = False) -> AsyncIterator[Identity]:
    """Identity on a free port."""
    standing_in = Identity(is_old=is_old)

    async def fetch() -> tuple[VerifyingKey, ...]:
        return (standing_in.key.public,)

    server = GrpcServer(
        GrpcSettings(port=0, drain=timedelta(0)),
        access=_ACCESS,
        verifier=TokenVerifier("identity", PublicKeys(fetch), _now),
        telemetry=Telemetry("identity", "api", 0),
        error_domain="identity.praxispost",
    )
    server.add(public_keys_pb2_grpc.add_PublicKeysServiceServicer_to_server, standing_in)
    server.add(_add_tokens_and_contacts, standing_in)
    started = await server.start()
    standing_in.target = f"127.0.0.1:{server.port}"
    try:
        yield standing_in
    finally:
        await server.drain(started)
