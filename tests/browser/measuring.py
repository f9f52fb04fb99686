"""What a page costs its visitor: bytes over the wire, and content that jumps."""

from typing import Any, Final

from playwright.sync_api import Page

# Notes what jumped without the visitor's doing (Layout Instability, WICG): how far, and which elements.
_WATCH_SHIFTS: Final = """
window.shifts = [];
const name = (node) => node?.nodeType === 1 ? `${node.localName}.${node.className || node.id}` : "text";
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    const moved = entry.sources.map((each) => name(each.node)).join(", ");
    window.shifts.push(`${entry.value.toFixed(5)}: ${moved}`);
  }
}).observe({ type: "layout-shift", buffered: true });
"""
# Two frames later everything that was put into the page has been laid out.
_SHIFTS: Final = """() => new Promise(resolve =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(window.shifts))))
)"""


class Meter:
    """Measures what a page of a new window loads from now on."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._sent: dict[str, float] = {}
        self._names: dict[str, str] = {}
        session = page.context.new_cdp_session(page)
        session.on("Network.responseReceived", self._named)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")
        page.add_init_script(_WATCH_SHIFTS)

    @property
    def bytes_sent(self) -> int:
        """What came over the wire so far, with headers, as it came: compressed where it was."""
        return round(sum(self._sent.values()))

    @property
    def heaviest(self) -> str:
        """The three largest parts, for people."""
        ranked = sorted(self._sent.items(), key=lambda each: -each[1])[:3]
        return ", ".join(f"{self._names.get(key, '?')} {size / 1000:.1f} kB" for key, size in ranked)

    @property
    def shifts(self) -> list[str]:
        """What of the page jumped so far; empty is good."""
        return list(self._page.evaluate(_SHIFTS))

    def _named(self, event: dict[str, Any]) -> None:
        # Addresses hold ids and digests, of which the last part says enough.
        self._names[event["requestId"]] = event["response"]["url"].rsplit("/", 1)[-1][:40]

    def _finished(self, event: dict[str, Any]) -> None:
        self._sent[event["requestId"]] = event["encodedDataLength"]
