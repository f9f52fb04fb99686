"""What is measured of prompts."""

from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.notifier.prompts.domain import Attempt, Decision, Failed, Kind, Outcome, Prompt

_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 21600, 86400, 259200)
_CHANNEL = "email"


class PromptMetrics:
    """The attempts and their results, and how far the sender is behind."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._attempts = Counter(
            "praxispost_prompts_total",
            "Attempts to send a prompt, by result: accepted, failed_… for good, or why it is tried again.",
            ["channel", "result"],
            registry=registry,
        )
        self._seconds = Histogram(
            "praxispost_prompt_seconds",
            "From the message's sending to the relay's acceptance of its prompt, where it went at once.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._oldest_due_age = Gauge(
            "praxispost_prompts_oldest_due_age_seconds",
            "How long the prompt that waits longest has been due without being in hand, 0 without one.",
            registry=registry,
        )
        self._last_success = Gauge(
            "praxispost_prompts_last_success_timestamp_seconds",
            "When the relay last accepted a prompt, of all workers; 0 before the first.",
            registry=registry,
        )

    def attempted(self, prompt: Prompt, attempt: Attempt, decision: Decision) -> None:
        """Count an attempt that is over."""
        result = attempt.outcome.value
        if isinstance(decision, Failed):
            result = f"failed_{decision.failure.value}"
        self._attempts.labels(_CHANNEL, result).inc()
        if attempt.outcome is Outcome.ACCEPTED:
            if prompt.kind is Kind.FIRST:  # the others wait on purpose
                self._seconds.observe(max(0.0, (attempt.at - prompt.sent_at).total_seconds()))
            self._last_success.set(attempt.at.timestamp())

    def measured(
        self, now: datetime, oldest_due_at: datetime | None, last_accepted_at: datetime | None
    ) -> None:
        """Show what the database says of all prompts."""
        self._oldest_due_age.set(0 if oldest_due_at is None else (now - oldest_due_at).total_seconds())
        if last_accepted_at is not None:
            self._last_success.set(last_accepted_at.timestamp())
