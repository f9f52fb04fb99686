"""Which role may call which method of the notifier; a method that is missing here refuses everybody."""

from collections.abc import Mapping
from typing import Final

_PRACTICE: Final = frozenset({"admin", "physician", "assistant", "practice_service"})

ACCESS: Final[Mapping[str, frozenset[str]]] = {
    "/praxispost.notifier.v1.NoticeService/SendNotice": frozenset({"identity"}),
    "/praxispost.notifier.v1.PromptService/ListPrompts": _PRACTICE,
    "/praxispost.notifier.v1.PromptService/ReportNotForMe": frozenset({"portal"}),
}
