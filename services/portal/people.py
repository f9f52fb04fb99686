"""Who asks: the person behind a session's cookie, in whose name the services are called."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from google.protobuf.message import Message
from grpc import aio

from chassis.grpc_client import AioRpcError, refusal_of
from chassis.refusal import Status
from praxispost.identity.v1.tokens_pb2 import ExchangeSessionRequest
from services.portal.services import Services

Q = TypeVar("Q", bound=Message)
R = TypeVar("R")

# A call must arrive before its token ends.
_MARGIN: Final = timedelta(seconds=10)
_REMEMBERED: Final = 20_000
_AUDIENCES: Final = ("identity", "messaging", "attachments", "notifier")
_LATER: Final = (Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED)
Metadata = tuple[tuple[str, str], ...]


class SessionEnded(Exception):
    """There is no session, or not any more: log in."""


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    expires_at: datetime
    subject_id: str
    role: str
    practice_id: str
    session_id: str
    by_person: bool


class People:
    """Turns sessions into tokens and keeps these until shortly before they end, at most a minute.

    Nothing else of anybody is kept; what a person may do, each service decides at each call.
    """

    def __init__(self, services: Services, clock: Callable[[], datetime]) -> None:
        self._services = services
        self._clock = clock
        self._tokens: OrderedDict[tuple[bytes, str], _Token] = OrderedDict()

    async def person(self, session: str, *, present: bool) -> "Person":
        """Who has this session. `present`: a person's own act asks, which keeps the session from ending by
        idleness.

        Raises SessionEnded, and what identity cannot do at the moment as AioRpcError.
        """
        token = await self.token(session, "identity", present=present)
        return Person(self, session, token)

    async def token(self, session: str, audience: str, *, present: bool, new: bool = False) -> _Token:
        """A token for one service, one that was kept unless a new one is wanted.

        One that a refresh in the background got does not do for a person's own act: identity has to hear of
        that, or a page that refreshes itself a lot would lock while somebody works on it.
        """
        if not session:
            raise SessionEnded
        key = (_digest(session), audience)
        kept = self._tokens.get(key)
        good = kept is not None and not new and (kept.by_person or not present)
        if kept is not None and good and self._clock() < kept.expires_at - _MARGIN:
            return kept
        request = ExchangeSessionRequest(session=session, audience=audience, by_person=present)
        try:
            answer = await self._services.tokens.ExchangeSession(request)
        except AioRpcError as error:
            self.forget(session)
            raise _unusable(error) from error
        token = _Token(
            answer.token,
            answer.expires_at.ToDatetime(UTC),
            answer.subject_id,
            answer.role,
            answer.practice_id,
            answer.session_id,
            present,
        )
        self._tokens[key] = token
        while len(self._tokens) > _REMEMBERED:
            self._tokens.popitem(last=False)
        return token

    def forget(self, session: str) -> None:
        """Drop the tokens of a session that ends here or was refused."""
        digest = _digest(session)
        for audience in _AUDIENCES:
            self._tokens.pop((digest, audience), None)


class Person:
    """A staff member or an account's person, as identity says at this moment.

    `role` is admin, physician or assistant for staff, account for patients; `practice_id` is empty for the
    latter.
    """

    def __init__(self, people: People, session: str, token: _Token) -> None:
        self._people = people
        self._session = session
        self.id = token.subject_id
        self.role = token.role
        self.practice_id = token.practice_id
        self.session_id = token.session_id

    async def ask(self, method: "aio.UnaryUnaryMultiCallable[Q, R]", request: Q) -> R:
        """Call an RPC in the person's name. Raises Refusal for what the service refuses, SessionEnded,
        and AioRpcError where the service cannot answer at the moment."""
        metadata = await self.metadata(audience_of(request))
        return await answered(method(request, metadata=metadata))

    async def metadata(self, audience: str) -> Metadata:
        """What a call to this service carries, for streams, which `ask` cannot make."""
        # Whether it is the person's own act, identity has heard when it said who this is.
        token = await self._people.token(self._session, audience, present=False)
        return (("authorization", f"Bearer {token.value}"),)

    async def fresh(self, audience: str) -> tuple[Metadata, datetime]:
        """The same with a new token, for what lasts as long as that, and when it ends."""
        token = await self._people.token(self._session, audience, present=False, new=True)
        return (("authorization", f"Bearer {token.value}"),), token.expires_at


async def answered(call: "aio.UnaryUnaryCall[Q, R]") -> R:
    """The answer to a call, also to one in the portal's own name. Raises Refusal for what the service
    refuses; that it has too much to do is nothing that the person did."""
    try:
        return await call
    except AioRpcError as error:
        refusal = refusal_of(error)
        if refusal is None or refusal.status in _LATER or refusal.reason == "OVERLOADED":
            raise
        if refusal.reason == "TOKEN_REFUSED":
            raise SessionEnded from error
        raise refusal from error


def audience_of(request: Message) -> str:
    """The service that a request is for: praxispost.<service>.v1."""
    return request.DESCRIPTOR.file.package.split(".")[1]


def _unusable(error: AioRpcError) -> Exception:
    refusal = refusal_of(error)
    if refusal is not None and refusal.reason == "SESSION_ENDED":
        return SessionEnded()
    return error


def _digest(session: str) -> bytes:
    return hashlib.sha256(session.encode()).digest()
