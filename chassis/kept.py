"""What was read lately and is used again: so many entries at most, and each for so long at most."""

from collections import OrderedDict
from collections.abc import Collection, Hashable, Mapping
from time import monotonic
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """The entries used last; what is older than `seconds` is as if it were not there."""

    def __init__(self, *, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def recall(self, wanted: Collection[K]) -> dict[K, V]:
        """Those of the wanted entries that are still kept."""
        now = monotonic()
        found = {}
        for each in wanted:
            entry = self._entries.get(each)
            if entry is not None and entry[0] >= now:
                self._entries.move_to_end(each)
                found[each] = entry[1]
        return found

    def keep(self, entries: Mapping[K, V]) -> None:
        """Keep these from now on, and drop those that were not used for the longest time."""
        until = monotonic() + self._seconds
        for key, value in entries.items():
            self._entries[key] = (until, value)
            self._entries.move_to_end(key)
        while len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def forget(self, key: K) -> None:
        """Drop an entry, if it is kept."""
        self._entries.pop(key, None)
