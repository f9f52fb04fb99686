"""The service level objectives, each a ratio of what went wrong to all there was."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

# Refusals are answers; these are our faults.
_FAULTS: Final = "UNAVAILABLE|INTERNAL|DEADLINE_EXCEEDED|UNKNOWN|DATA_LOSS|RESOURCE_EXHAUSTED"
_SENDS: Final = (
    'grpc_service=~"praxispost.messaging.v1.(MessagingService|DraftService)",'
    'grpc_method=~"SendMessage|SendReply|SendDraft"'
)
_MAILBOX: Final = (
    'grpc_service="praxispost.messaging.v1.MessagingService",grpc_method=~"ListMailbox|OpenMessage"'
)


@dataclass(frozen=True, slots=True)
class Objective:
    """`bad` and `all` are PromQL in which WINDOW stands for the range; `objective` is the good share."""

    name: str
    alert: str
    objective: float
    bad: str
    all: str
    says: str

    @property
    def budget(self) -> float:
        """The share that may go wrong."""
        return round(1 - self.objective, 6)

    def ratio(self, window: str) -> str:
        """The share that went wrong within the window; what never went wrong has no series yet."""
        return f"(({self.bad}) or 0 * ({self.all})) / ({self.all})".replace("WINDOW", window)

    def record(self, window: str) -> str:
        """The name under which the ratio is recorded."""
        return f"praxispost:{self.name}:error_ratio_rate{window}"


def _slow(metric: str, selector: str, le: str) -> str:
    """How many took longer than `le` seconds."""
    inner = f"{selector}," if selector else ""
    within = f'sum(rate({metric}_bucket{{{inner}le="{le}"}}[WINDOW]))'
    return f"sum(rate({metric}_count{{{selector}}}[WINDOW])) - {within}"


OBJECTIVES: Final[Sequence[Objective]] = (
    Objective(
        name="send_availability",
        alert="PraxispostSendAvailability",
        objective=0.999,
        bad=f'sum(rate(grpc_server_handled_total{{{_SENDS},grpc_code=~"{_FAULTS}"}}[WINDOW]))',
        all=f"sum(rate(grpc_server_handled_total{{{_SENDS}}}[WINDOW]))",
        says="Sends fail by our own fault",
    ),
    Objective(
        name="send_latency",
        alert="PraxispostSendLatency",
        objective=0.99,
        bad=_slow("grpc_server_handling_seconds", _SENDS, "0.5"),
        all=f"sum(rate(grpc_server_handling_seconds_count{{{_SENDS}}}[WINDOW]))",
        says="Sends take longer than 0.5 s",
    ),
    Objective(
        name="prompt_latency",
        alert="PraxispostPromptLatency",
        objective=0.99,
        bad=_slow("praxispost_prompt_seconds", "", "30.0"),
        all="sum(rate(praxispost_prompt_seconds_count[WINDOW]))",
        says="Prompts reach the mail relay later than 30 s after the message was sent",
    ),
    Objective(
        name="mailbox_latency",
        alert="PraxispostMailboxLatency",
        objective=0.99,
        bad=_slow("grpc_server_handling_seconds", _MAILBOX, "0.25"),
        all=f"sum(rate(grpc_server_handling_seconds_count{{{_MAILBOX}}}[WINDOW]))",
        says="Patients wait longer than 0.25 s for mailbox or message",
    ),
)
