"""Counts how proofs of identity end, by kind and result, for the alert on guessing."""

from typing import Literal

from prometheus_client import CollectorRegistry, Counter

Kind = Literal[
    "staff_password",
    "account_password",
    "email_code",
    "sms_code",
    "contact_code",
    "login_code",
    "birth_date",
    "session",
    "service_secret",
]
Result = Literal["accepted", "refused", "limited"]


class AuthAttempts:
    """The metric praxispost_auth_attempts_total; "limited" means that the proof was not even looked at."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counter = Counter(
            "praxispost_auth_attempts",
            "Proofs of identity that were tried.",
            ("kind", "result"),
            registry=registry,
        )

    def count(self, kind: Kind, result: Result) -> None:
        self._counter.labels(kind, result).inc()

    def judged(self, kind: Kind, accepted: bool) -> None:
        """Count a proof that was looked at."""
        self.count(kind, "accepted" if accepted else "refused")
