"""Seconds that calls took, and the percentiles of them."""

import math
from collections.abc import Sequence


def percentile(seconds: Sequence[float], percent: float) -> float:
    """The nearest rank: so many percent of the calls took this long or less; of at least one call."""
    return sorted(seconds)[max(0, math.ceil(percent / 100 * len(seconds)) - 1)]
