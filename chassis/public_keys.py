"""Publishing the keys that verify what a service signs, and fetching those of another."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.protobuf.timestamp_pb2 import Timestamp
from grpc import aio
from joserfc.jwk import OKPKey

from chassis import logs
from chassis.refusal import Refusal, dependency_unavailable
from chassis.signing import VerifyingKey
from chassis.statements import refused
from praxispost.chassis.v1 import public_keys_pb2, public_keys_pb2_grpc

_LOG = logs.get(__name__)
_FRESH_SECONDS = 300.0
_PAUSE_SECONDS = 2.0

Fetch = Callable[[], Awaitable[Sequence[VerifyingKey]]]


class Publishes(Protocol):
    """What publishes keys: `chassis.signing.SigningKeys`."""

    async def published(self) -> Sequence[VerifyingKey]:
        """The keys whose signatures are to be accepted."""


class PublicKeys:
    """The keys of one issuer, kept and fetched again when an unknown one is asked for or they get old.

    At most one fetch every two seconds. Where keys cannot be fetched the ones at hand stay good, and an
    unknown one is refused as UNAVAILABLE.
    """

    def __init__(
        self, fetch: Fetch, *, issuer: str = "identity", ticks: Callable[[], float] = monotonic
    ) -> None:
        self._fetch = fetch
        self._issuer = issuer
        self._ticks = ticks
        self._keys: Mapping[str, OKPKey] = {}
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._failed = False
        self._lock = asyncio.Lock()

    @classmethod
    def of(cls, channel: aio.Channel, issuer: str = "identity") -> "PublicKeys":
        """The keys that a service publishes."""
        stub = public_keys_pb2_grpc.PublicKeysServiceStub(channel)

        async def fetch() -> Sequence[VerifyingKey]:
            response = await stub.ListPublicKeys(public_keys_pb2.ListPublicKeysRequest())
            return [VerifyingKey(key.id, key.ed25519, key.created_at.ToDatetime()) for key in response.keys]

        return cls(fetch, issuer=issuer)

    @classmethod
    def local(cls, signing_keys: Publishes, issuer: str = "identity") -> "PublicKeys":
        """The service's own keys, for what it signed itself."""
        return cls(signing_keys.published, issuer=issuer)

    async def key(self, key_id: str) -> OKPKey:
        """The public key of this name; refuses with TOKEN_REFUSED or, without a fetch, UNAVAILABLE."""
        if key_id not in self._keys or self._is_old():
            async with self._lock:
                if (key_id not in self._keys or self._is_old()) and self._may_try():
                    await self._refresh()
        key = self._keys.get(key_id)
        if key is not None:
            return key
        raise dependency_unavailable(self._issuer) if self._failed else refused()

    def _is_old(self) -> bool:
        return self._fetched_at is None or self._ticks() - self._fetched_at > _FRESH_SECONDS

    def _may_try(self) -> bool:
        return self._tried_at is None or self._ticks() - self._tried_at >= _PAUSE_SECONDS

    async def _refresh(self) -> None:
        self._tried_at = self._ticks()
        try:
            published = await self._fetch()
            self._keys = {key.id: _imported(key) for key in published}
        except (aio.AioRpcError, Refusal, ValueError) as error:
            self._failed = True
            _LOG.warning("public keys not fetched", error=error, dependency=self._issuer)
        else:
            self._failed = False
            self._fetched_at = self._ticks()


class PublicKeysServicer(public_keys_pb2_grpc.PublicKeysServiceServicer):
    """Serves ListPublicKeys for a service's signing keys."""

    def __init__(self, signing_keys: Publishes) -> None:
        self._signing_keys = signing_keys

    async def ListPublicKeys(
        self,
        request: public_keys_pb2.ListPublicKeysRequest,
        context: aio.ServicerContext[
            public_keys_pb2.ListPublicKeysRequest, public_keys_pb2.ListPublicKeysResponse
        ],
    ) -> public_keys_pb2.ListPublicKeysResponse:
        return public_keys_pb2.ListPublicKeysResponse(
            keys=[_to_proto(key) for key in await self._signing_keys.published()]
        )


def _to_proto(key: VerifyingKey) -> public_keys_pb2.PublicKey:
    created_at = Timestamp()
    created_at.FromDatetime(key.created_at)
    return public_keys_pb2.PublicKey(id=key.id, ed25519=key.ed25519, created_at=created_at)


def _imported(key: VerifyingKey) -> OKPKey:
    return OKPKey.import_key(Ed25519PublicKey.from_public_bytes(key.ed25519))
