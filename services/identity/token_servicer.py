"""TokenService: from the contract to the use cases of programs and of people, and back."""

from praxispost.identity.v1 import tokens_pb2, tokens_pb2_grpc
from services.identity.service_accounts.tokens import ServiceTokenIssue
from services.identity.sessions.exchange import Exchange
from services.identity.times import timestamp


class TokenServicer(tokens_pb2_grpc.TokenServiceServicer):
    """Issues tokens."""

    def __init__(self, services: ServiceTokenIssue, people: Exchange) -> None:
        self._services = services
        self._people = people

    async def IssueServiceToken(
        self, request: tokens_pb2.IssueServiceTokenRequest, context: object
    ) -> tokens_pb2.IssueServiceTokenResponse:
        issued = await self._services.issue(request.account_id, request.secret, request.audience)
        return tokens_pb2.IssueServiceTokenResponse(
            token=issued.token, expires_at=timestamp(issued.expires_at)
        )

    async def ExchangeSession(
        self, request: tokens_pb2.ExchangeSessionRequest, context: object
    ) -> tokens_pb2.ExchangeSessionResponse:
        issued = await self._people.exchange(request.session, request.audience, request.by_person)
        caller = issued.caller
        return tokens_pb2.ExchangeSessionResponse(
            token=issued.token,
            expires_at=timestamp(caller.expires_at),
            subject_id=str(caller.subject_id),
            role=caller.role,
            practice_id=str(caller.tenant_id or ""),
            session_id=str(caller.session_id or ""),
        )
