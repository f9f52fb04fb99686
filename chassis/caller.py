"""Who acts: the verified caller of a request, and what they are entitled to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A person's verified right to act for one subject of one tenant; kind "self" or "representative"."""

    tenant_id: UUID
    subject_id: UUID
    kind: str


@dataclass(frozen=True, slots=True)
class Caller:
    """A person or service account, as its token states it; `expires_at` is when that statement ends."""

    subject_id: UUID
    role: str
    tenant_id: UUID | None
    entitlements: tuple[Entitlement, ...]
    session_id: UUID | None
    expires_at: datetime

    @property
    def tenants(self) -> tuple[UUID, ...]:
        """The caller's own tenant, or those of the entitlements; sorted, each once."""
        if self.tenant_id is not None:
            return (self.tenant_id,)
        return tuple(sorted({entitlement.tenant_id for entitlement in self.entitlements}))
