"""Who may call which method: authentication first, then the service's table; what is not in it is refused."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from chassis.caller import ANONYMOUS, Caller
from chassis.refusal import Refusal, Status
from chassis.tokens import TokenVerifier

_NOBODY: frozenset[str] = frozenset()
_ANONYMOUS = Caller(
    subject_id=UUID(int=0),
    role=ANONYMOUS,
    tenant_id=None,
    entitlements=(),
    session_id=None,
    expires_at=datetime.max.replace(tzinfo=UTC),
)


class Access:
    """Admits callers by the table full method → roles; "anonymous" in it admits anybody, with any token."""

    def __init__(self, roles: Mapping[str, frozenset[str]], verifier: TokenVerifier | None) -> None:
        self._roles = roles
        self._verifier = verifier

    async def admit(self, method: str, metadata: Mapping[str, str]) -> Caller:
        """The verified caller; refuses with TOKEN_MISSING, TOKEN_REFUSED, METHOD_NOT_ALLOWED."""
        allowed = self._roles.get(method, _NOBODY)
        if ANONYMOUS in allowed:
            return _ANONYMOUS
        scheme, _, token = metadata.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token or self._verifier is None:
            raise Refusal(Status.UNAUTHENTICATED, "TOKEN_MISSING", "this method needs a token")
        caller = await self._verifier.verify(token.strip())
        if caller.role not in allowed:
            raise Refusal(Status.PERMISSION_DENIED, "METHOD_NOT_ALLOWED", "the role may not call this method")
        return caller
