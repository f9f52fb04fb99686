"""`make bench`: each part beside its baseline, on a system of its own. It reports and judges nothing."""

import argparse
import time
from typing import Final

from deploy.local.processes import ROOT
from deploy.local.system import temporary_system
from tests.bench import (
    documents,
    figures,
    imports,
    lists,
    memory,
    opening,
    pages,
    prompts,
    send,
    shedding,
    start,
    stream,
    watch,
)
from tests.bench.bench import Bench, Part
from tests.bench.figures import Figure
from tests.browser.house import House
from tests.story.stage import stage_on

_PARTS: Final[dict[str, Part]] = {
    "idle": memory.measure_idle,  # first: afterwards processes keep what a load made them take
    "documents": documents.measure,
    "import": imports.measure,
    "lists": lists.measure,
    "pages": pages.measure,
    "send": send.measure,
    "stream": stream.measure,
    "open": opening.measure,
    "prompts": prompts.measure,
    "watch": watch.measure,
    "shedding": shedding.measure,
    "start": start.measure,
}
_LINES: Final = ROOT / "build" / "bench.jsonl"


def _run(bench: Bench, names: list[str]) -> list[Figure]:
    measured: list[Figure] = []
    for name in names:
        print(f"{name} …", flush=True)
        begun = time.monotonic()
        measured += _PARTS[name](bench)
        bench.tell(f"took {time.monotonic() - begun:.0f} s")
    return measured


def main() -> None:
    """Ends with an error only where a part could not be measured at all."""
    arguments = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    arguments.add_argument("parts", nargs="*", choices=[[], *_PARTS], help="all, unless some are named")
    arguments.add_argument("--short", action="store_true", help="few seconds each; the figures say little")
    given = arguments.parse_args()
    with temporary_system() as system, stage_on(system.address_book) as stage:
        bench = Bench(system, House(stage, system.address_book.portal_url), short=given.short)
        measured = _run(bench, given.parts or list(_PARTS))
    figures.write(_LINES, measured)
    print(f"\n{figures.table(measured)}\n\nalso in {_LINES.relative_to(ROOT)}", flush=True)


if __name__ == "__main__":
    main()
