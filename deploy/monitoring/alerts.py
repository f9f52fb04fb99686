"""The alerts, in PromQL; each has its page in docs/runbooks and its tests in tests/monitoring."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from deploy.local.services import SERVICES
from deploy.monitoring.objectives import OBJECTIVES, Objective

# The windows and factors of the SRE workbook: what burns the month's budget so fast is told.
_PAGE: Final = ((14.4, "1h", "5m"), (6.0, "6h", "30m"))
_TICKET: Final = ((3.0, "1d", "2h"), (1.0, "3d", "6h"))
WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
_PROCESSES: Final = tuple(f"{service.name}-{kind}" for service in SERVICES for kind in service.kinds)

Severity = Literal["page", "ticket"]


@dataclass(frozen=True, slots=True)
class Alert:
    """`holds` is how long `expression` must be true before anybody is told."""

    name: str
    severity: Severity
    expression: str
    holds: str
    summary: str


def alerts() -> Sequence[Alert]:
    """All of them."""
    return (*_burning(), *_OTHERS)


def _burning() -> Iterator[Alert]:
    for each in OBJECTIVES:
        yield Alert(
            each.alert, "page", _burns(each, _PAGE), "2m", f"{each.says}: the budget is burning fast."
        )
        yield Alert(
            each.alert, "ticket", _burns(each, _TICKET), "15m", f"{each.says}: more than the budget allows."
        )


def _burns(objective: Objective, pairs: Sequence[tuple[float, str, str]]) -> str:
    parts = []
    for factor, long, short in pairs:
        limit = round(factor * objective.budget, 6)
        parts.append(f"({objective.record(long)} > {limit} and {objective.record(short)} > {limit})")
    return " or ".join(parts)


_OTHERS: Final = (
    Alert(
        "PraxispostProcessAbsent",
        "page",
        " or ".join(f'absent(up{{job="praxispost",process="{process}"}} == 1)' for process in _PROCESSES),
        "5m",
        "No {{ $labels.process }} answers.",
    ),
    Alert(
        "PraxispostTargetDown",
        "ticket",
        'up{job="praxispost"} == 0',
        "10m",
        "{{ $labels.process }} at {{ $labels.instance }} does not answer.",
    ),
    Alert(
        "PraxispostOutboxLag",
        "page",
        "max by (process) (praxispost_outbox_oldest_age_seconds) > 120",
        "3m",
        "Events of {{ $labels.process }} wait for RabbitMQ: prompts and ticks are late.",
    ),
    Alert(
        "PraxispostInboxLag",
        "page",
        "max by (process) (praxispost_inbox_oldest_age_seconds) > 300",
        "5m",
        "Events wait in the inbox of {{ $labels.process }}.",
    ),
    Alert(
        "PraxispostInboxDead",
        "ticket",
        "max by (process) (praxispost_inbox_dead) > 0",
        "1m",
        "{{ $labels.process }} has given up on {{ $value }} events; they wait to be looked at.",
    ),
    Alert(
        "PraxispostDeadLetters",
        "ticket",
        'sum by (queue) (rabbitmq_detailed_queue_messages{queue=~".+[.]dead"} or '
        'rabbitmq_queue_messages{queue=~".+[.]dead"}) > 0',
        "1m",
        "{{ $labels.queue }} holds deliveries that nobody could read.",
    ),
    Alert(
        "PraxispostQueueWithoutConsumer",
        "page",
        'max by (queue) (rabbitmq_detailed_queue_consumers{queue=~"identity|messaging|notifier"} or '
        'rabbitmq_queue_consumers{queue=~"identity|messaging|notifier"}) == 0',
        "5m",
        "Nobody takes events from {{ $labels.queue }}.",
    ),
    Alert(
        "PraxispostNoMail",
        "page",
        "max(praxispost_prompts_oldest_due_age_seconds) > 600 and "
        "time() - max(praxispost_prompts_last_success_timestamp_seconds) > 600",
        "2m",
        "Prompts are due, and for ten minutes the mail relay has accepted none.",
    ),
    Alert(
        "PraxispostPromptsRefused",
        "ticket",
        'sum(increase(praxispost_prompts_total{result=~"failed_.+"}[1h])) > 20 and '
        'sum(increase(praxispost_prompts_total{result=~"failed_.+"}[1h])) > '
        "0.2 * sum(increase(praxispost_prompts_total[1h]))",
        "15m",
        "More than a fifth of the prompts of the last hour has failed for good.",
    ),
    Alert(
        "PraxispostCertificateExpires",
        "ticket",
        "min by (process) (praxispost_certificate_expiry_timestamp_seconds) - time() < 14 * 86400",
        "1h",
        "The certificate of {{ $labels.process }} ends in less than 14 days.",
    ),
    Alert(
        "PraxispostCertificateExpires",
        "page",
        "min by (process) (praxispost_certificate_expiry_timestamp_seconds) - time() < 2 * 86400",
        "5m",
        "The certificate of {{ $labels.process }} ends in less than two days.",
    ),
    Alert(
        "PraxispostMigrationFailed",
        "page",
        'kube_job_status_failed{job_name=~".*-(migrate|accounts)-[0-9a-f]{8}"} > 0',
        "1m",
        "{{ $labels.job_name }} failed: new pods wait for the schema.",
    ),
    Alert(
        "PraxispostGuessing",
        "ticket",
        'sum by (kind) (rate(praxispost_auth_attempts_total{result!="accepted"}[10m])) > 2 and '
        'sum by (kind) (rate(praxispost_auth_attempts_total{result!="accepted"}[10m])) > '
        "0.7 * sum by (kind) (rate(praxispost_auth_attempts_total[10m]))",
        "10m",
        "Somebody guesses: most attempts of {{ $labels.kind }} are refused.",
    ),
    Alert(
        "PraxispostScannerFails",
        "page",
        'sum(rate(praxispost_attachment_scan_seconds_count{result="failed"}[10m])) > '
        "0.5 * sum(rate(praxispost_attachment_scan_seconds_count[10m]))",
        "5m",
        "Most documents cannot be scanned for malware, and so are refused.",
    ),
    Alert(
        "PraxispostDecoderUnconfined",
        "ticket",
        "min by (process) (praxispost_attachments_decoder_confined) == 0",
        "10m",
        "The kernel does not confine the decoder of photos in {{ $labels.process }}.",
    ),
)
