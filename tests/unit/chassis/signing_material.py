"""Keys, callers and a clock for tests of tokens."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.caller import Caller, Entitlement
from chassis.refusal import dependency_unavailable
from chassis.signing import SigningKey, VerifyingKey

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Publisher:
    """Publishes keys, and can be away."""

    def __init__(self, *keys: SigningKey) -> None:
        self.keys = list(keys)
        self.away = False
        self.asked = 0

    async def fetch(self) -> Sequence[VerifyingKey]:
        self.asked += 1
        if self.away:
            raise dependency_unavailable("identity")
        return [key.public for key in self.keys]


def signing_key(name: str = "first") -> SigningKey:
    return SigningKey(name, Ed25519PrivateKey.generate(), NOW)


def person(role: str = "account") -> Caller:
    return Caller(
        subject_id=uuid4(),
        role=role,
        tenant_id=None,
        entitlements=(
            Entitlement(UUID(int=2), uuid4(), "self"),
            Entitlement(UUID(int=1), uuid4(), "representative"),
            Entitlement(UUID(int=2), uuid4(), "representative"),
        ),
        session_id=uuid4(),
        expires_at=NOW + timedelta(seconds=60),
    )


def service(role: str = "messaging", tenant_id: UUID | None = None) -> Caller:
    return Caller(
        subject_id=uuid4(),
        role=role,
        tenant_id=tenant_id,
        entitlements=(),
        session_id=None,
        expires_at=NOW + timedelta(minutes=5),
    )
