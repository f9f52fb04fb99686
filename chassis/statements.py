"""Short signed statements (JWT, RFC 7519; Ed25519, RFC 9864) with one audience and a short life."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import uuid4

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from chassis.refusal import Refusal, Status
from chassis.signing import SigningKey

# The name that RFC 9864 gives to EdDSA with Ed25519; the only one ever accepted.
ALGORITHM = "Ed25519"
SKEW = timedelta(seconds=30)
_LONGEST = 64 * 1024
# What reading hostile bytes can raise: JSON nested too deep, times out of range, fields of other types.
_MALFORMED = (JoseError, ValueError, TypeError, AttributeError, OverflowError, OSError, RecursionError)


class VerifyingKeys(Protocol):
    """Where the keys of an issuer come from."""

    async def key(self, key_id: str) -> OKPKey:
        """The public key of this name; refuses with TOKEN_REFUSED or, without a fetch, UNAVAILABLE."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What was signed: the claims apart from those that say who, for whom, and when."""

    claims: Mapping[str, object]
    issued_at: datetime
    expires_at: datetime


class StatementSigner:
    """Signs statements of one kind; a statement of one kind never passes for another."""

    def __init__(self, key: SigningKey, issuer: str, kind: str) -> None:
        self._key = OKPKey.import_key(key.private)
        self._header = {"alg": ALGORITHM, "kid": key.id, "typ": f"{kind}+jwt"}
        self._issuer = issuer

    def sign(self, claims: Mapping[str, object], *, audience: str, now: datetime, lifetime: timedelta) -> str:
        """A statement for one audience from now on; claims are what JSON can hold."""
        issued_at = int(now.timestamp())
        registered = {
            "iss": self._issuer,
            "aud": audience,
            "iat": issued_at,
            "exp": issued_at + int(lifetime.total_seconds()),
            "jti": uuid4().hex,
        }
        return jwt.encode(dict(self._header), {**claims, **registered}, self._key, algorithms=[ALGORITHM])


class StatementVerifier:
    """Verifies statements of one kind, issuer and audience; allows for clocks that differ by 30 s."""

    def __init__(
        self, keys: VerifyingKeys, *, issuer: str, audience: str, kind: str, clock: Callable[[], datetime]
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._type = f"{kind}+jwt"
        self._clock = clock

    async def verify(self, statement: str) -> Statement:
        """What the statement says; refuses with TOKEN_REFUSED anything that is not valid here and now."""
        try:
            key_id = self._key_id(statement)
        except _MALFORMED as error:
            raise refused() from error
        key = await self._keys.key(key_id)
        try:
            token = jwt.decode(statement, key, algorithms=[ALGORITHM])
            return self._checked(token.claims)
        except _MALFORMED as error:
            raise refused() from error

    def _key_id(self, statement: str) -> str:
        if len(statement) > _LONGEST:
            raise ValueError("too long")
        header = jws.extract_compact(statement.encode("ascii")).headers()
        key_id = header.get("kid")
        if header.get("alg") != ALGORITHM or header.get("typ") != self._type or not isinstance(key_id, str):
            raise ValueError("not a statement of this kind")
        return key_id

    def _checked(self, claims: Mapping[str, object]) -> Statement:
        if claims.get("iss") != self._issuer or claims.get("aud") != self._audience:
            raise ValueError("from or for somebody else")
        issued_at, expires_at = _time(claims.get("iat")), _time(claims.get("exp"))
        now = self._clock()
        if not issued_at - SKEW <= now < expires_at + SKEW:
            raise ValueError("not valid at this time")
        return Statement(claims, issued_at, expires_at)


def refused() -> Refusal:
    """The refusal of a statement or token; says nothing about why."""
    return Refusal(Status.UNAUTHENTICATED, "TOKEN_REFUSED", "the token is not valid here and now")


def _time(claim: object) -> datetime:
    if not isinstance(claim, int) or isinstance(claim, bool):
        raise ValueError("not a time")
    return datetime.fromtimestamp(claim, UTC)
