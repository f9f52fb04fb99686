"""`make bench`: each part beside its baseline, on a system of its own. It reports and judges nothing."""

import argparse
import sys
import time
import traceback
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


def _run(bench: Bench, names: list[str], measured: list[Figure]) -> list[str]:
    """Add what each part measures; returns those that could not be, and whose figures are missing."""
    failed = []
    for name in names:
        print(f"{name} …", flush=True)
        begun = time.monotonic()
        try:
            measured += _PARTS[name](bench)
        except Exception:
            traceback.print_exc()
            failed.append(name)
        bench.tell(f"took {time.monotonic() - begun:.0f} s")
        figures.write(_LINES, measured)
    return failed


def main() -> None:
    """Ends with an error only where a part could not be measured at all."""
    arguments = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    arguments.add_argument("parts", nargs="*", choices=[[], *_PARTS], help="all, unless some are named")
    arguments.add_argument("--short", action="store_true", help="few seconds each; the figures say little")
    given = arguments.parse_args()
    measured: list[Figure] = []
    with temporary_system() as system, stage_on(system.address_book) as stage:
        bench = Bench(system, House(stage, system.address_book.portal_url), short=given.short)
        failed = _run(bench, given.parts or list(_PARTS), measured)
    print(f"\n{figures.table(measured)}\n\nalso in {_LINES.relative_to(ROOT)}", flush=True)
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
