"""Which role may call which method of the notifier; a method that is missing here refuses everybody."""

from collections.abc import Mapping
from typing import Final

ACCESS: Final[Mapping[str, frozenset[str]]] = {
    "/praxispost.notifier.v1.NoticeService/SendNotice": frozenset({"identity"}),
}
