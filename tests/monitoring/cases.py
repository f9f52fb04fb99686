"""For each alert, series that make it fire and series that must not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from deploy.monitoring.alerts import Severity

Series: TypeAlias = Mapping[str, str]
_SEND: Final = (
    'grpc_service="praxispost.messaging.v1.MessagingService",grpc_method="SendMessage",grpc_type="unary"'
)
_LIST: Final = (
    'grpc_service="praxispost.messaging.v1.MessagingService",grpc_method="ListMailbox",grpc_type="unary"'
)
_PROCESSES: Final = (
    *(f"identity-{kind}" for kind in ("api", "worker", "intake")),
    *(f"messaging-{kind}" for kind in ("api", "worker", "intake")),
    *(f"attachments-{kind}" for kind in ("api", "worker")),
    *(f"notifier-{kind}" for kind in ("api", "worker", "intake", "bounce")),
    "portal-web",
)
_SCANS: Final = "praxispost_attachment_scan_seconds_count{result="


@dataclass(frozen=True, slots=True)
class Case:
    """`fires` and `silent` are promtool's input series, a value each `step`; `after` is when one looks."""

    alert: str
    severity: Severity
    fires: Series
    silent: Series
    after: str = "30m"
    step: str = "1m"


def _sends(faults_per_minute: int, of: int = 100) -> Series:
    return {
        f'grpc_server_handled_total{{{_SEND},grpc_code="OK"}}': f"0+{of - faults_per_minute}x600",
        f'grpc_server_handled_total{{{_SEND},grpc_code="UNAVAILABLE"}}': f"0+{faults_per_minute}x600",
        f'grpc_server_handled_total{{{_SEND},grpc_code="FAILED_PRECONDITION"}}': "0+50x600",
    }


def _slow(metric: str, selector: str, le: str, slow_per_minute: int) -> Series:
    inner = f"{selector}," if selector else ""
    return {
        f"{metric}_count{{{selector}}}": "0+1000x600",
        f'{metric}_bucket{{{inner}le="{le}"}}': f"0+{1000 - slow_per_minute}x600",
    }


def _up(**values: str) -> Series:
    shown = dict.fromkeys(_PROCESSES, "1x60") | {
        name.replace("_", "-"): each for name, each in values.items()
    }
    return {
        f'up{{job="praxispost",process="{name}",instance="{name}:9464"}}': value
        for name, value in shown.items()
    }


def _burning(alert: str, severity: Severity, fires: Series, silent: Series) -> Case:
    if severity == "page":
        return Case(alert, severity, fires, silent, after="1h10m")
    return Case(alert, severity, fires, silent, after="3d2h", step="30m")


_HANDLING: Final = "grpc_server_handling_seconds"
_PROMPT: Final = "praxispost_prompt_seconds"
_RESULT: Final = "praxispost_prompts_total"
_AUTH: Final = 'praxispost_auth_attempts_total{kind="account_password",result='
_EXPIRY: Final = 'praxispost_certificate_expiry_timestamp_seconds{process="messaging-api"}'

# promtool's clock begins at 0, so a certificate that ends in so many seconds ends at that number.
CASES: Final[Sequence[Case]] = (
    _burning("PraxispostSendAvailability", "page", _sends(3), _sends(0)),
    _burning("PraxispostSendAvailability", "ticket", _sends(1), _sends(0)),
    _burning(
        "PraxispostSendLatency",
        "page",
        _slow(_HANDLING, _SEND, "0.5", 300),
        _slow(_HANDLING, _SEND, "0.5", 5),
    ),
    _burning(
        "PraxispostSendLatency",
        "ticket",
        _slow(_HANDLING, _SEND, "0.5", 40),
        _slow(_HANDLING, _SEND, "0.5", 5),
    ),
    _burning(
        "PraxispostPromptLatency", "page", _slow(_PROMPT, "", "30.0", 300), _slow(_PROMPT, "", "30.0", 5)
    ),
    _burning(
        "PraxispostPromptLatency", "ticket", _slow(_PROMPT, "", "30.0", 40), _slow(_PROMPT, "", "30.0", 5)
    ),
    _burning(
        "PraxispostMailboxLatency",
        "page",
        _slow(_HANDLING, _LIST, "0.25", 300),
        _slow(_HANDLING, _LIST, "0.25", 5),
    ),
    _burning(
        "PraxispostMailboxLatency",
        "ticket",
        _slow(_HANDLING, _LIST, "0.25", 40),
        _slow(_HANDLING, _LIST, "0.25", 5),
    ),
    Case("PraxispostProcessAbsent", "page", _up(notifier_intake="0x60"), _up()),
    Case("PraxispostTargetDown", "ticket", _up(portal_web="0x60"), _up()),
    Case(
        "PraxispostOutboxLag",
        "page",
        {'praxispost_outbox_oldest_age_seconds{process="messaging-worker"}': "0+60x60"},
        {'praxispost_outbox_oldest_age_seconds{process="messaging-worker"}': "0 90 0 90 0 90x60"},
    ),
    Case(
        "PraxispostInboxLag",
        "page",
        {'praxispost_inbox_oldest_age_seconds{process="notifier-worker"}': "0+60x60"},
        {'praxispost_inbox_oldest_age_seconds{process="notifier-worker"}': "200x60"},
    ),
    Case(
        "PraxispostInboxDead",
        "ticket",
        {'praxispost_inbox_dead{process="notifier-worker"}': "2x60"},
        {'praxispost_inbox_dead{process="notifier-worker"}': "0x60"},
    ),
    Case(
        "PraxispostDeadLetters",
        "ticket",
        {'rabbitmq_detailed_queue_messages{queue="notifier.dead"}': "1x60"},
        {
            'rabbitmq_detailed_queue_messages{queue="notifier.dead"}': "0x60",
            'rabbitmq_detailed_queue_messages{queue="notifier"}': "500x60",
        },
    ),
    Case(
        "PraxispostQueueWithoutConsumer",
        "page",
        {'rabbitmq_queue_consumers{queue="messaging"}': "0x60"},
        {
            'rabbitmq_queue_consumers{queue="messaging"}': "2x60",
            'rabbitmq_queue_consumers{queue="messaging.dead"}': "0x60",
        },
    ),
    Case(
        "PraxispostNoMail",
        "page",
        {
            "praxispost_prompts_oldest_due_age_seconds": "0+60x60",
            "praxispost_prompts_last_success_timestamp_seconds": "0x60",
        },
        {
            "praxispost_prompts_oldest_due_age_seconds": "0x60",
            "praxispost_prompts_last_success_timestamp_seconds": "0x60",
        },
    ),
    Case(
        "PraxispostPromptsRefused",
        "ticket",
        {
            f'{_RESULT}{{result="failed_address_refused"}}': "0+5x120",
            f'{_RESULT}{{result="accepted"}}': "0+5x120",
        },
        {
            f'{_RESULT}{{result="failed_address_refused"}}': "0+5x120",
            f'{_RESULT}{{result="accepted"}}': "0+95x120",
        },
        after="1h",
    ),
    Case(
        "PraxispostCertificateExpires", "ticket", {_EXPIRY: "864000x120"}, {_EXPIRY: "8640000x120"}, "1h30m"
    ),
    Case("PraxispostCertificateExpires", "page", {_EXPIRY: "90000x60"}, {_EXPIRY: "864000x60"}),
    Case(
        "PraxispostMigrationFailed",
        "page",
        {'kube_job_status_failed{job_name="praxispost-messaging-migrate-0a1b2c3d"}': "1x60"},
        {
            'kube_job_status_failed{job_name="praxispost-messaging-migrate-0a1b2c3d"}': "0x60",
            'kube_job_status_failed{job_name="somebody-elses-job"}': "1x60",
        },
    ),
    Case(
        "PraxispostGuessing",
        "ticket",
        {f'{_AUTH}"refused"}}': "0+300x60", f'{_AUTH}"accepted"}}': "0+10x60"},
        {f'{_AUTH}"refused"}}': "0+200x60", f'{_AUTH}"accepted"}}': "0+2000x60"},
    ),
    Case(
        "PraxispostScannerFails",
        "page",
        {f'{_SCANS}"failed"}}': "0+3x60", f'{_SCANS}"clean"}}': "0+1x60"},
        {f'{_SCANS}"failed"}}': "0+1x60", f'{_SCANS}"clean"}}': "0+20x60", f'{_SCANS}"found"}}': "0+20x60"},
    ),
    Case(
        "PraxispostDecoderUnconfined",
        "ticket",
        {'praxispost_attachments_decoder_confined{process="attachments-api"}': "0x60"},
        {'praxispost_attachments_decoder_confined{process="attachments-api"}': "1x60"},
    ),
)
