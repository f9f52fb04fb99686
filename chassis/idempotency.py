"""Carries each request out once, however often and however simultaneously it is sent."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeAlias, TypeVar
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.caller import Caller
from chassis.many_rows import ManyRows, Part, Returned, fetch, types_of
from chassis.refusal import Refusal, Status
from chassis.tables import TABLES

R = TypeVar("R", bound=Message)

_REQUEST = TABLES.request

Key: TypeAlias = tuple[UUID, UUID, str, UUID]

_KEY_TYPES: Final = types_of(_REQUEST, "tenant_id", "actor_id", "rpc", "request_id")
_FIND: Final = ManyRows(
    "SELECT tenant_id, actor_id, rpc, request_id, request_hash, response"
    " FROM {rows} AS asked (tenant_id, actor_id, rpc, request_id)"
    " JOIN request USING (tenant_id, actor_id, rpc, request_id)",
    _KEY_TYPES,
)
# In order, so that of two transactions with several requests in common one waits for the other, and not both.
_PLACE: Final = ManyRows(
    "INSERT INTO request (tenant_id, actor_id, rpc, request_id, request_hash)"
    " SELECT * FROM {rows} AS asked (tenant_id, actor_id, rpc, request_id, request_hash)"
    " ORDER BY tenant_id, actor_id, rpc, request_id"
    " ON CONFLICT DO NOTHING RETURNING tenant_id, actor_id, rpc, request_id",
    (*_KEY_TYPES, *types_of(_REQUEST, "request_hash")),
)
_ANSWER: Final = ManyRows(
    "UPDATE request SET response = answered.response"
    " FROM {rows} AS answered (tenant_id, actor_id, rpc, request_id, response)"
    " WHERE (request.tenant_id, request.actor_id, request.rpc, request.request_id)"
    " = (answered.tenant_id, answered.actor_id, answered.rpc, answered.request_id)",
    (*_KEY_TYPES, *types_of(_REQUEST, "response")),
    returns=False,
)


@dataclass(frozen=True, slots=True)
class Asked(Generic[R]):
    """Who asks for what in which tenant, under which id, and what the answer looks like."""

    caller: Caller
    tenant_id: UUID
    rpc: str
    request_id: UUID
    request: Message
    response_type: type[R]

    @property
    def key(self) -> Key:
        """What makes it the same request as another."""
        return self.tenant_id, self.caller.subject_id, self.rpc, self.request_id


class Requests:
    """The requests that were carried out, by who sent them, which RPC and the id that the client chose.

    Stored are the answer, which therefore holds ids, times and flags only, and a keyed hash of the
    request (32-byte key), so that nobody can guess a request's content from the table. After a month they
    are forgotten (`request_pruning`).
    """

    def __init__(self, hash_key: bytes) -> None:
        self._hash_key = hash_key

    async def once(
        self,
        tx: AsyncConnection,
        *,
        caller: Caller,
        tenant_id: UUID,
        rpc: str,
        request_id: UUID,
        request: Message,
        response_type: type[R],
        effect: Callable[[], Awaitable[R]],
    ) -> R:
        """The effect's answer, or the stored one if this request was carried out before.

        A twin that comes meanwhile waits for this transaction's end. Platform-level requests have the
        nil UUID as tenant. Refuses REQUEST_ID_REUSED if the id stood for another request.
        """
        key = _key(caller, tenant_id, rpc, request_id)
        request_hash = self._hash(request)
        row = _row(key)
        placeholder = insert(_REQUEST).values(**key, request_hash=request_hash).on_conflict_do_nothing()
        if (await tx.execute(placeholder.returning(_REQUEST.c.request_id))).first() is None:
            earlier = (await tx.execute(select(_REQUEST).where(row))).one()
            return _answer(earlier.request_hash, request_hash, earlier.response, response_type)
        response = await effect()
        await tx.execute(update(_REQUEST).where(row).values(response=response.SerializeToString()))
        return response

    async def answered(
        self,
        tx: AsyncConnection,
        *,
        caller: Caller,
        tenant_id: UUID,
        rpc: str,
        request_id: UUID,
        request: Message,
        response_type: type[R],
    ) -> R | None:
        """The stored answer, None where there is none yet: for what must happen before the transaction.

        Waits for nobody, so `once` still decides. Refuses REQUEST_ID_REUSED as it does.
        """
        row = _row(_key(caller, tenant_id, rpc, request_id))
        earlier = (await tx.execute(select(_REQUEST).where(row))).one_or_none()
        if earlier is None:
            return None
        return _answer(earlier.request_hash, self._hash(request), earlier.response, response_type)

    @staticmethod
    def finding(asked: Iterable[Asked[R]]) -> Part:
        """Finds earlier answers to several requests; waits for nobody, as `answered` does. See `found`."""
        return _FIND.of({each.key: None for each in asked})

    def found(self, asked: Iterable[Asked[R]], rows: Returned) -> Mapping[Key, R | Refusal]:
        """What `finding` found: answers, and refusals of ids that stood for other requests."""
        stored = {tuple(row[:4]): row for row in rows}
        return {each.key: self._told(each, stored[each.key]) for each in asked if each.key in stored}

    def beginning(self, asked: Iterable[Asked[R]]) -> Part:
        """Begins several requests, no two of them the same; twins that come meanwhile wait for the end of
        this transaction. Returns the keys of those that this transaction carries out; see `twins`.
        """
        return _PLACE.of((*each.key, self._hash(each.request)) for each in asked)

    async def twins(
        self, tx: AsyncConnection, asked: Iterable[Asked[R]], begun: Returned
    ) -> Mapping[Key, R | Refusal]:
        """Earlier answers to those that `beginning` found carried out."""
        keys = {tuple(row) for row in begun}
        others = [each for each in asked if each.key not in keys]
        return self.found(others, await fetch(tx, self.finding(others)))

    @staticmethod
    def answers(answers: Iterable[tuple[Asked[R], R]]) -> Part:
        """Stores the answers of requests that were begun."""
        return _ANSWER.of((*asked.key, answer.SerializeToString()) for asked, answer in answers)

    def _told(self, asked: Asked[R], row: Sequence[Any]) -> R | Refusal:
        try:
            return _answer(row[4], self._hash(asked.request), row[5], asked.response_type)
        except Refusal as refusal:
            return refusal

    def _hash(self, request: Message) -> bytes:
        """Only what the client said counts, not how or as whom: a role may change between two tries."""
        content = request.SerializeToString(deterministic=True)
        return hmac.digest(self._hash_key, content, hashlib.sha256)


def _key(caller: Caller, tenant_id: UUID, rpc: str, request_id: UUID) -> dict[str, object]:
    return {"tenant_id": tenant_id, "actor_id": caller.subject_id, "rpc": rpc, "request_id": request_id}


def _row(key: Mapping[str, object]) -> ColumnElement[bool]:
    return and_(*(_REQUEST.c[name] == value for name, value in key.items()))


def _answer(stored_hash: bytes, request_hash: bytes, response: bytes, response_type: type[R]) -> R:
    if not hmac.compare_digest(stored_hash, request_hash):
        raise request_id_reused()
    return response_type.FromString(response)


def request_id_reused() -> Refusal:
    """The refusal of a request whose id stood for another one, or for one whose answer is forgotten."""
    return Refusal(
        Status.FAILED_PRECONDITION,
        "REQUEST_ID_REUSED",
        "the request id was used before for another request",
    )
