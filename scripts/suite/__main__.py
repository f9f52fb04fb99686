"""`make test`, `make browser`, `make lint`, `make types`: which steps each of them takes."""

import sys
from collections.abc import Sequence

from scripts.setup.layout import PROTOS
from scripts.suite.lanes import Ended, Lanes
from scripts.suite.steps import REPORTS, Outcome, Step, command, pytest

_CODE = ("chassis", "deploy", "scripts", "services", "tests")
# Most tests wait for their stores more than they compute, so two runs share a small machine well.
_LANES = 2

_LINT = (
    command("ruff", "ruff", "check", "--quiet", "."),
    command("format", "ruff", "format", "--quiet", "--check", "."),
    command("imports", "lint-imports", "--no-logo"),
    command("contracts", "buf", "lint", folder=PROTOS),
)
_TYPES = (command("types", "mypy", *_CODE),)
_BROWSER = (pytest("browser", "tests/browser"),)
_BROWSER_SHORT = (pytest("browser-short", "--capture=no", "--own-system", "tests/browser/test_story.py"),)
# Those that take longest begin first; the short ones fill the gaps.
_TESTS = (
    pytest("story", "--capture=no", "tests/story"),
    pytest("messaging", "tests/integration/messaging"),
    pytest("chassis", "tests/integration/chassis"),
    pytest("identity", "tests/integration/identity"),
    pytest("attachments", "tests/integration/attachments"),
    *_BROWSER_SHORT,
    pytest("notifier", "tests/integration/notifier"),
    # nameko's test helpers want a process that eventlet has patched, in which asyncio's tests can't run.
    pytest("nameko", "--config-file=tests/nameko/pytest.ini", "tests/nameko"),
    pytest("unit", "tests/unit"),
    pytest("local", "tests/integration/local"),
)
_ONE_BY_ONE = {"lint": _LINT, "types": _TYPES, "browser": _BROWSER, "browser-short": _BROWSER_SHORT}


def _total(ended: Sequence[Ended]) -> Outcome:
    return sum((each.outcome for each in ended), start=Outcome(passed=0, failed=0))


def main() -> int:
    """The exit code: 0 where nothing failed."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else "all"
    steps: Sequence[Step] = (*_TESTS, *_TYPES, *_LINT) if wanted == "all" else _ONE_BY_ONE[wanted]
    ended = Lanes(_LANES if wanted == "all" else 1, REPORTS).run(steps)
    print("\n" + "\n".join(str(each) for each in ended))
    total = _total(ended)
    print(f"\n{total.passed} passed, {total.failed} failed", flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
