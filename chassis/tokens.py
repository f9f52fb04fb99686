"""Tokens: signed statements of who acts, one audience each, verified once and then kept until they end."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from chassis.caller import Caller, Entitlement
from chassis.public_keys import PublicKeys, PublicKeysServicer
from chassis.service_tokens import ServiceTokens
from chassis.signing import SigningKey
from chassis.statements import SKEW, Statement, StatementSigner, StatementVerifier, VerifyingKeys, refused

__all__ = [
    "PERSON_LIFETIME",
    "SERVICE_LIFETIME",
    "PublicKeys",
    "PublicKeysServicer",
    "ServiceTokens",
    "TokenSigner",
    "TokenVerifier",
]

PERSON_LIFETIME = timedelta(seconds=60)
SERVICE_LIFETIME = timedelta(minutes=5)
_KIND = "token"
_MOST_KEPT = 10_000


class TokenSigner:
    """Signs tokens; identity's alone."""

    def __init__(self, key: SigningKey, issuer: str = "identity") -> None:
        self._signer = StatementSigner(key, issuer, _KIND)

    def sign(self, caller: Caller, audience: str, now: datetime, lifetime: timedelta) -> str:
        """A token for one audience; a person's (with a session) lives 60 s at most, any other 5 min."""
        if lifetime > _longest(caller.session_id):
            raise ValueError("a token must not live that long")
        return self._signer.sign(_claims(caller), audience=audience, now=now, lifetime=lifetime)


class TokenVerifier:
    """Turns a token into the caller it states; safe to use from concurrent requests."""

    def __init__(
        self,
        audience: str,
        keys: VerifyingKeys,
        clock: Callable[[], datetime],
        issuer: str = "identity",
    ) -> None:
        self._verifier = StatementVerifier(keys, issuer=issuer, audience=audience, kind=_KIND, clock=clock)
        self._clock = clock
        self._kept: OrderedDict[str, Caller] = OrderedDict()

    async def verify(self, token: str) -> Caller:
        """The caller; refuses with TOKEN_REFUSED, or UNAVAILABLE where the issuer's keys can't be fetched."""
        caller = self._kept.get(token)
        if caller is None:
            caller = _caller(await self._verifier.verify(token))
            self._keep(token, caller)
        elif self._clock() >= caller.expires_at + SKEW:
            del self._kept[token]
            raise refused()
        else:
            self._kept.move_to_end(token)
        return caller

    def _keep(self, token: str, caller: Caller) -> None:
        self._kept[token] = caller
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)


def _longest(session_id: UUID | None) -> timedelta:
    return SERVICE_LIFETIME if session_id is None else PERSON_LIFETIME


def _claims(caller: Caller) -> Mapping[str, object]:
    claims: dict[str, object] = {"sub": str(caller.subject_id), "role": caller.role}
    if caller.tenant_id is not None:
        claims["ten"] = str(caller.tenant_id)
    if caller.entitlements:
        claims["ent"] = [[each.tenant_id.hex, each.subject_id.hex, each.kind] for each in caller.entitlements]
    if caller.session_id is not None:
        claims["sid"] = str(caller.session_id)
    return claims


def _caller(statement: Statement) -> Caller:
    try:
        caller = _read(statement)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise refused() from error
    if statement.expires_at - statement.issued_at > _longest(caller.session_id):
        raise refused()
    return caller


def _read(statement: Statement) -> Caller:
    claims = statement.claims
    role, entitlements = claims["role"], claims.get("ent", [])
    if not isinstance(role, str) or not isinstance(entitlements, list):
        raise ValueError("not the claims of a token")
    return Caller(
        subject_id=_id(claims["sub"]),
        role=role,
        tenant_id=_id(claims["ten"]) if "ten" in claims else None,
        entitlements=tuple(
            Entitlement(_id(tenant_id), _id(subject_id), str(kind))
            for tenant_id, subject_id, kind in entitlements
        ),
        session_id=_id(claims["sid"]) if "sid" in claims else None,
        expires_at=statement.expires_at,
    )


def _id(claim: object) -> UUID:
    return UUID(str(claim))
