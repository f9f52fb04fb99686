"""Who calls in the story: one object per person or program, each with its own tokens."""

from __future__ import annotations

import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from typing_extensions import override

from deploy.local.address_book import Targets
from deploy.local.service_accounts import ServiceAccount
from praxispost.attachments.v1.attachments_pb2_grpc import AttachmentServiceStub
from praxispost.identity.v1.accounts_pb2_grpc import AccountServiceStub
from praxispost.identity.v1.patients_pb2_grpc import PatientServiceStub
from praxispost.identity.v1.practices_pb2_grpc import PracticeServiceStub
from praxispost.identity.v1.registration_pb2_grpc import RegistrationServiceStub
from praxispost.identity.v1.service_accounts_pb2_grpc import ServiceAccountServiceStub
from praxispost.identity.v1.sessions_pb2_grpc import SessionServiceStub
from praxispost.identity.v1.staff_pb2_grpc import StaffServiceStub
from praxispost.identity.v1.tokens_pb2 import ExchangeSessionRequest, IssueServiceTokenRequest
from praxispost.identity.v1.tokens_pb2_grpc import TokenServiceStub
from praxispost.messaging.v1.drafts_pb2_grpc import DraftServiceStub
from praxispost.messaging.v1.messaging_pb2_grpc import MessagingServiceStub
from praxispost.messaging.v1.withdrawals_pb2_grpc import WithdrawalServiceStub
from praxispost.messaging.v1.work_pb2_grpc import WorkServiceStub

RENEW_BEFORE_SECONDS = 10.0
CALL_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Token:
    """A token and when it ends, in seconds of the epoch."""

    text: str
    expires_at: float


class _CallDetails(
    namedtuple(
        "_CallDetails", ("method", "timeout", "metadata", "credentials", "wait_for_ready", "compression")
    ),
    grpc.ClientCallDetails,
):
    """What grpcio wants back from an interceptor."""


class _Bearer(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Puts a token and a deadline on every call."""

    def __init__(self, token: Callable[[], str | None]) -> None:
        self._token = token

    def _details(self, given: grpc.ClientCallDetails) -> _CallDetails:
        metadata = list(given.metadata or ())
        token = self._token()
        if token is not None:
            metadata.append(("authorization", f"Bearer {token}"))
        return _CallDetails(
            given.method, given.timeout or CALL_SECONDS, metadata, given.credentials, True, None
        )

    @override
    def intercept_unary_unary(self, continuation: Any, details: grpc.ClientCallDetails, request: Any) -> Any:
        return continuation(self._details(details), request)

    @override
    def intercept_unary_stream(self, continuation: Any, details: grpc.ClientCallDetails, request: Any) -> Any:
        return continuation(self._details(details), request)

    @override
    def intercept_stream_unary(
        self, continuation: Any, details: grpc.ClientCallDetails, requests: Any
    ) -> Any:
        return continuation(self._details(details), requests)

    @override
    def intercept_stream_stream(
        self, continuation: Any, details: grpc.ClientCallDetails, requests: Any
    ) -> Any:
        return continuation(self._details(details), requests)


class Caller:
    """Somebody or something that calls: its stubs carry its own tokens, one audience each."""

    def __init__(self, targets: Targets, fetch: Callable[[str], Token] | None) -> None:
        self._targets = targets
        self._fetch = fetch
        self._tokens: dict[str, Token] = {}
        self._channels: dict[str, grpc.Channel] = {}

    def token(self, audience: str) -> str | None:
        """A token for the audience that lives at least some seconds; None for a caller without any."""
        if self._fetch is None:
            return None
        known = self._tokens.get(audience)
        if known is None or known.expires_at - time.time() < RENEW_BEFORE_SECONDS:
            known = self._tokens[audience] = self._fetch(audience)
        return known.text

    def channel(self, audience: str) -> grpc.Channel:
        """The channel to the service, with this caller's tokens."""
        if audience not in self._channels:
            plain = grpc.insecure_channel(str(getattr(self._targets, audience)))
            bearer = _Bearer(lambda: self.token(audience))
            self._channels[audience] = grpc.intercept_channel(plain, bearer)
        return self._channels[audience]

    @cached_property
    def tokens(self) -> TokenServiceStub:
        """identity's TokenService."""
        return TokenServiceStub(self.channel("identity"))

    @cached_property
    def practices(self) -> PracticeServiceStub:
        """identity's PracticeService."""
        return PracticeServiceStub(self.channel("identity"))

    @cached_property
    def staff(self) -> StaffServiceStub:
        """identity's StaffService."""
        return StaffServiceStub(self.channel("identity"))

    @cached_property
    def patients(self) -> PatientServiceStub:
        """identity's PatientService."""
        return PatientServiceStub(self.channel("identity"))

    @cached_property
    def service_accounts(self) -> ServiceAccountServiceStub:
        """identity's ServiceAccountService."""
        return ServiceAccountServiceStub(self.channel("identity"))

    @cached_property
    def registration(self) -> RegistrationServiceStub:
        """identity's RegistrationService."""
        return RegistrationServiceStub(self.channel("identity"))

    @cached_property
    def sessions(self) -> SessionServiceStub:
        """identity's SessionService."""
        return SessionServiceStub(self.channel("identity"))

    @cached_property
    def accounts(self) -> AccountServiceStub:
        """identity's AccountService."""
        return AccountServiceStub(self.channel("identity"))

    @cached_property
    def messages(self) -> MessagingServiceStub:
        """messaging's MessagingService."""
        return MessagingServiceStub(self.channel("messaging"))

    @cached_property
    def work(self) -> WorkServiceStub:
        """messaging's WorkService."""
        return WorkServiceStub(self.channel("messaging"))

    @cached_property
    def drafts(self) -> DraftServiceStub:
        """messaging's DraftService."""
        return DraftServiceStub(self.channel("messaging"))

    @cached_property
    def withdrawals(self) -> WithdrawalServiceStub:
        """messaging's WithdrawalService."""
        return WithdrawalServiceStub(self.channel("messaging"))

    @cached_property
    def attachments(self) -> AttachmentServiceStub:
        """attachments' AttachmentService."""
        return AttachmentServiceStub(self.channel("attachments"))


def program(targets: Targets, account: ServiceAccount) -> Caller:
    """A service account."""
    stub = TokenServiceStub(grpc.insecure_channel(targets.identity))

    def fetch(audience: str) -> Token:
        request = IssueServiceTokenRequest(account_id=account.id, secret=account.secret, audience=audience)
        answer = stub.IssueServiceToken(request, timeout=CALL_SECONDS, wait_for_ready=True)
        return Token(answer.token, float(answer.expires_at.seconds))

    return Caller(targets, fetch)


def person(targets: Targets, portal: Caller, session: str) -> Caller:
    """A person who is logged in: the portal exchanges the session for tokens."""

    def fetch(audience: str) -> Token:
        request = ExchangeSessionRequest(session=session, audience=audience, by_person=True)
        answer = portal.tokens.ExchangeSession(request)
        return Token(answer.token, float(answer.expires_at.seconds))

    return Caller(targets, fetch)


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal as a caller sees it."""

    code: str
    reason: str
    domain: str
    metadata: dict[str, str]
    fields: tuple[str, ...]
    text: str


def refused(error: grpc.RpcError) -> Refused:
    """Reads the refusal's details; the reason is empty where the answer has none."""
    call: Any = error  # grpcio raises errors that are calls too, which its types do not say
    status = rpc_status.from_call(call)
    info = error_details_pb2.ErrorInfo()
    fields: list[str] = []
    for detail in status.details if status is not None else ():
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            detail.Unpack(info)
        elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            bad = error_details_pb2.BadRequest()
            detail.Unpack(bad)
            fields.extend(violation.field for violation in bad.field_violations)
    return Refused(
        call.code().name, info.reason, info.domain, dict(info.metadata), tuple(fields), call.details() or ""
    )


def chunks(content: bytes, size: int = 65536) -> Iterator[bytes]:
    """The content in pieces of at most `size` bytes."""
    for start in range(0, len(content), size):
        yield content[start : start + size]
