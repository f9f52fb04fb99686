"""`make test`, `make browser`, `make lint`, `make types`: runs the steps and says what became of them."""

import sys
from collections.abc import Sequence

from scripts.suite.lanes import Ended, Lanes
from scripts.suite.plan import ALL, ONE_BY_ONE
from scripts.suite.steps import REPORTS, Outcome

# Most tests wait for their stores more than they compute, so two runs share a small machine well.
_LANES = 2


def _total(ended: Sequence[Ended]) -> Outcome:
    return sum((each.outcome for each in ended), start=Outcome(passed=0, failed=0))


def main() -> int:
    """The exit code: 0 where nothing failed."""
    wanted = sys.argv[1:]
    ended = Lanes(1, REPORTS).run(ONE_BY_ONE[wanted[0]]) if wanted else Lanes(_LANES, REPORTS).run(ALL)
    print("\n" + "\n".join(str(each) for each in ended))
    total = _total(ended)
    print(f"\n{total.passed} passed, {total.failed} failed", flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
