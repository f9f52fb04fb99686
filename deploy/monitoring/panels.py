"""What the dashboards show: rows of panels, each with its queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from deploy.monitoring.objectives import OBJECTIVES

Unit = Literal["short", "reqps", "s", "percentunit", "bytes", "Bps", "dtdurations"]
_RATE: Final = "$__rate_interval"


@dataclass(frozen=True, slots=True)
class Query:
    """`legend` may name labels, as {{process}}."""

    expression: str
    legend: str


@dataclass(frozen=True, slots=True)
class Panel:
    """`single`: one number instead of a graph; `hint` says what to look for."""

    title: str
    queries: Sequence[Query]
    unit: Unit = "short"
    hint: str = ""
    single: bool = False


@dataclass(frozen=True, slots=True)
class Dashboard:
    """`name` is the file's, too; rows are titles with their panels."""

    name: str
    title: str
    rows: Sequence[tuple[str, Sequence[Panel]]]


def _quantile(quantile: float, metric: str, by: str = "", selector: str = "") -> str:
    labels = f"le, {by}" if by else "le"
    buckets = f"sum by ({labels}) (rate({metric}_bucket{{{selector}}}[{_RATE}]))"
    return f"histogram_quantile({quantile}, {buckets})"


def _rate(metric: str, by: str, selector: str = "") -> str:
    return f"sum by ({by}) (rate({metric}{{{selector}}}[{_RATE}]))"


_OBJECTIVES: Final = tuple(
    Panel(
        each.says,
        (
            Query(each.record("1h"), "last hour"),
            Query(each.record("1d"), "last day"),
            Query(f"vector({each.budget})", "budget"),
        ),
        "percentunit",
        f"The share of the last hour and day; {each.objective:.1%} are to be well.",
    )
    for each in OBJECTIVES
)
_CALLS: Final = 'grpc_type="unary"'
_SERVED: Final = "grpc_server_handling_seconds"
_HANDLED: Final = "grpc_server_handled_total"
_OUR_QUEUES: Final = "identity|messaging|notifier"


def _graph(title: str, expression: str, legend: str, unit: Unit = "short", hint: str = "") -> Panel:
    return Panel(title, (Query(expression, legend),), unit, hint)


def _number(title: str, expression: str, unit: Unit = "short") -> Panel:
    return Panel(title, (Query(expression, ""),), unit, single=True)


def _queues(metric: str, names: str) -> str:
    """By queue, from RabbitMQ's /metrics/detailed, or from /metrics/per-object."""
    selector = f'{{queue=~"{names}"}}'
    return f"max by (queue) (rabbitmq_detailed_{metric}{selector} or rabbitmq_{metric}{selector})"


DASHBOARDS: Final = (
    Dashboard(
        "overview",
        "Praxispost: overview",
        (
            ("Objectives", _OBJECTIVES),
            (
                "Use",
                (
                    _graph(
                        "Messages",
                        _rate("praxispost_messages_total", "direction"),
                        "{{direction}}",
                        unit="reqps",
                    ),
                    _graph("Pages", _rate("http_requests_total", "status"), "{{status}}", unit="reqps"),
                    _graph(
                        "Documents",
                        _rate("praxispost_attachments_bytes_total", "direction"),
                        "{{direction}}",
                        unit="Bps",
                    ),
                    _graph(
                        "Proofs of identity",
                        _rate("praxispost_auth_attempts_total", "result"),
                        "{{result}}",
                        unit="reqps",
                    ),
                ),
            ),
            (
                "Is it well?",
                (
                    _graph(
                        "Processes that answer",
                        'count by (process) (up{job="praxispost"} == 1)',
                        "{{process}}",
                    ),
                    _number(
                        "Oldest event not published", "max(praxispost_outbox_oldest_age_seconds)", unit="s"
                    ),
                    _number("Oldest event not handled", "max(praxispost_inbox_oldest_age_seconds)", unit="s"),
                    _number("Events given up", "sum(max by (process) (praxispost_inbox_dead))"),
                    _graph("Versions", "count by (version) (praxispost_build_info)", "{{version}}"),
                ),
            ),
        ),
    ),
    Dashboard(
        "rpc",
        "Praxispost: RPCs",
        (
            (
                "Answered",
                (
                    _graph("Rate", _rate(_HANDLED, "process"), "{{process}}", unit="reqps"),
                    _graph("By code", _rate(_HANDLED, "grpc_code"), "{{grpc_code}}", unit="reqps"),
                    _graph(
                        "p95 by process", _quantile(0.95, _SERVED, "process", _CALLS), "{{process}}", unit="s"
                    ),
                    _graph(
                        "p99 by process", _quantile(0.99, _SERVED, "process", _CALLS), "{{process}}", unit="s"
                    ),
                    _graph(
                        "Busiest methods",
                        f"topk(12, {_rate(_HANDLED, 'grpc_method')})",
                        "{{grpc_method}}",
                        unit="reqps",
                    ),
                    _graph(
                        "Slowest methods, p95",
                        f"topk(12, {_quantile(0.95, _SERVED, 'grpc_method', _CALLS)})",
                        "{{grpc_method}}",
                        unit="s",
                    ),
                    _graph(
                        "In progress",
                        f"sum by (process) (grpc_server_started_total) - sum by (process) ({_HANDLED})",
                        "{{process}}",
                    ),
                ),
            ),
            (
                "Made",
                (
                    _graph(
                        "Rate",
                        _rate("grpc_client_handled_total", "process, grpc_code"),
                        "{{process}} {{grpc_code}}",
                        unit="reqps",
                    ),
                    _graph(
                        "p95",
                        _quantile(0.95, "grpc_client_handling_seconds", "process"),
                        "{{process}}",
                        unit="s",
                    ),
                ),
            ),
            (
                "Pages",
                (
                    _graph(
                        "p95 by route",
                        f"topk(12, {_quantile(0.95, 'http_request_seconds', 'route')})",
                        "{{route}}",
                        unit="s",
                    ),
                    _graph("Being answered", "sum(http_requests_running)", ""),
                ),
            ),
        ),
    ),
    Dashboard(
        "way-of-a-message",
        "Praxispost: the way of a message",
        (
            (
                "Out",
                (
                    _graph(
                        "Messages stored",
                        _rate("praxispost_messages_total", "direction"),
                        "{{direction}}",
                        unit="reqps",
                    ),
                    _graph("Outbox: waiting", "max by (process) (praxispost_outbox_pending)", "{{process}}"),
                    _graph(
                        "Outbox: oldest",
                        "max by (process) (praxispost_outbox_oldest_age_seconds)",
                        "{{process}}",
                        unit="s",
                    ),
                    _graph("Inbox: waiting", "max by (process) (praxispost_inbox_pending)", "{{process}}"),
                    _graph(
                        "Inbox: oldest",
                        "max by (process) (praxispost_inbox_oldest_age_seconds)",
                        "{{process}}",
                        unit="s",
                    ),
                ),
            ),
            (
                "Prompt",
                (
                    _graph(
                        "Prompts by result",
                        _rate("praxispost_prompts_total", "result"),
                        "{{result}}",
                        unit="reqps",
                    ),
                    Panel(
                        "Sent → accepted by the relay",
                        tuple(
                            Query(_quantile(each, "praxispost_prompt_seconds"), f"p{each * 100:g}")
                            for each in (0.5, 0.95, 0.99)
                        ),
                        "s",
                    ),
                ),
            ),
            (
                "Receipt",
                (
                    _graph(
                        "Median of each stage",
                        _quantile(0.5, "praxispost_receipt_latency_seconds", "stage"),
                        "{{stage}}",
                        unit="dtdurations",
                        hint="received → read is how people are, not how we are.",
                    ),
                    _graph(
                        "Ticks that turned",
                        _rate("praxispost_receipt_latency_seconds_count", "stage"),
                        "{{stage}}",
                        unit="reqps",
                    ),
                ),
            ),
        ),
    ),
    Dashboard(
        "bus",
        "Praxispost: bus",
        (
            (
                "Events",
                (
                    _graph(
                        "Published",
                        _rate("praxispost_outbox_published_total", "process, result"),
                        "{{process}} {{result}}",
                        unit="reqps",
                    ),
                    _graph(
                        "Received",
                        _rate("praxispost_intake_received_total", "process, result"),
                        "{{process}} {{result}}",
                        unit="reqps",
                    ),
                    _graph(
                        "Handled",
                        _rate("praxispost_inbox_handled_total", "event, result"),
                        "{{event}} {{result}}",
                        unit="reqps",
                    ),
                    _graph(
                        "Handling, p95",
                        _quantile(0.95, "praxispost_inbox_handling_seconds", "event"),
                        "{{event}}",
                        unit="s",
                    ),
                    _graph("Given up", "max by (process) (praxispost_inbox_dead)", "{{process}}"),
                ),
            ),
            (
                "RabbitMQ",
                (
                    _graph("Waiting", _queues("queue_messages", _OUR_QUEUES), "{{queue}}"),
                    _graph(
                        "Dead letters",
                        _queues("queue_messages", ".+[.]dead"),
                        "{{queue}}",
                        hint="What no consumer could read; it waits for somebody.",
                    ),
                    _graph("Consumers", _queues("queue_consumers", _OUR_QUEUES), "{{queue}}"),
                    Panel(
                        "Messages",
                        tuple(
                            Query(f"sum(rate(rabbitmq_global_messages_{each}_total[{_RATE}]))", legend)
                            for each, legend in (
                                ("received", "received"),
                                ("delivered", "delivered"),
                                ("redelivered", "delivered once more"),
                                ("unroutable_returned", "returned, since no queue wants it"),
                            )
                        ),
                        "reqps",
                    ),
                    Panel(
                        "Memory",
                        (
                            Query(
                                "max by (instance) (rabbitmq_process_resident_memory_bytes)", "{{instance}}"
                            ),
                            Query("min(rabbitmq_resident_memory_limit_bytes)", "above this it takes nothing"),
                        ),
                        "bytes",
                    ),
                    Panel(
                        "Disk left",
                        (
                            Query("min by (instance) (rabbitmq_disk_space_available_bytes)", "{{instance}}"),
                            Query(
                                "max(rabbitmq_disk_space_available_limit_bytes)",
                                "below this it takes nothing",
                            ),
                        ),
                        "bytes",
                    ),
                ),
            ),
        ),
    ),
    Dashboard(
        "mail",
        "Praxispost: e-mail and SMS",
        (
            (
                "Prompts",
                (
                    _graph(
                        "By result", _rate("praxispost_prompts_total", "result"), "{{result}}", unit="reqps"
                    ),
                    _number("Longest due", "max(praxispost_prompts_oldest_due_age_seconds)", unit="s"),
                    _number(
                        "Since the last that was accepted",
                        "time() - max(praxispost_prompts_last_success_timestamp_seconds)",
                        unit="s",
                    ),
                ),
            ),
            (
                "Codes and notices",
                (
                    _graph(
                        "By channel and result",
                        _rate("praxispost_notices_total", "channel, result"),
                        "{{channel}} {{result}}",
                        unit="reqps",
                    ),
                    _graph(
                        "Hand-over, p95",
                        _quantile(0.95, "praxispost_notice_seconds", "channel"),
                        "{{channel}}",
                        unit="s",
                    ),
                ),
            ),
            (
                "Reports",
                (
                    _graph(
                        "Delivery reports",
                        _rate("praxispost_bounces_total", "result"),
                        "{{result}}",
                        unit="reqps",
                    ),
                ),
            ),
        ),
    ),
    Dashboard(
        "stores",
        "Praxispost: processes and stores",
        (
            (
                "Processes",
                (
                    _graph(
                        "CPU",
                        f'sum by (process) (rate(process_cpu_seconds_total{{job="praxispost"}}[{_RATE}]))',
                        "{{process}}",
                    ),
                    _graph(
                        "Memory",
                        'max by (process) (process_resident_memory_bytes{job="praxispost"})',
                        "{{process}}",
                        unit="bytes",
                    ),
                    _graph(
                        "Open files", 'max by (process) (process_open_fds{job="praxispost"})', "{{process}}"
                    ),
                    _graph(
                        "Youngest start",
                        'time() - max by (process) (process_start_time_seconds{job="praxispost"})',
                        "{{process}}",
                        unit="s",
                        hint="Processes that start again and again show here.",
                    ),
                ),
            ),
            (
                "Stores",
                (
                    _graph(
                        "Database connections in use",
                        "sum by (process) (praxispost_pool_connections_used)",
                        "{{process}}",
                    ),
                    _graph(
                        "… of so many",
                        "sum by (process) (praxispost_pool_connections_most)",
                        "{{process}}",
                    ),
                    _graph(
                        "Schema",
                        "count by (process, revision) (praxispost_schema_revision_info)",
                        "{{process}} {{revision}}",
                    ),
                    _graph(
                        "Documents, bytes",
                        _rate("praxispost_attachments_bytes_total", "direction"),
                        "{{direction}}",
                        unit="Bps",
                    ),
                    _graph(
                        "Documents scanned for malware",
                        _rate("praxispost_attachment_scan_seconds_count", "result"),
                        "{{result}}",
                        unit="reqps",
                        hint="None where no scanner is set. Failed ones were refused.",
                    ),
                ),
            ),
        ),
    ),
)
