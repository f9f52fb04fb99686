"""What was measured: figures beside their baselines and goals, as a table and as JSON lines."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Goal:
    """What is wanted of a figure's value, or of its ratio to its baseline."""

    of: Literal["value", "ratio"]
    bound: float
    is_most: bool

    def is_met(self, figure: "Figure") -> bool:
        """Whether the figure reaches it; one without the ratio that is asked for doesn't."""
        reached = figure.value if self.of == "value" else figure.ratio
        if reached is None:
            return False
        return reached <= self.bound if self.is_most else reached >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.is_most else '≥'} {self.bound:g}{' of it' if self.of == 'ratio' else ''}"


def at_most(bound: float, of: Literal["value", "ratio"] = "value") -> Goal:
    """The value, or the ratio, may not be more."""
    return Goal(of, bound, is_most=True)


def at_least(bound: float, of: Literal["value", "ratio"] = "ratio") -> Goal:
    """The ratio, or the value, must not be less."""
    return Goal(of, bound, is_most=False)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; the baseline is what the same machine did in the same run, in the same unit."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    goal: Goal | None = None

    @property
    def ratio(self) -> float | None:
        """The value as a multiple of the baseline; None where there is none."""
        return self.value / self.baseline if self.baseline else None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is no goal."""
        return None if self.goal is None else self.goal.is_met(self)

    def line(self) -> str:
        """As one line of JSON."""
        fields = {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "baseline": self.baseline,
            "ratio": self.ratio,
            "goal": None if self.goal is None else str(self.goal),
            "met": self.met,
        }
        return json.dumps(fields, ensure_ascii=False)


def write(path: Path, figures: Iterable[Figure]) -> None:
    """Leave them as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{each.line()}\n" for each in figures))


def table(figures: Sequence[Figure]) -> str:
    """For the terminal; says of each goal whether it was met or missed."""
    head = ("what", "value", "unit", "baseline", "ratio", "goal", "")
    rows = [head, *(_cells(each) for each in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(_row(row, widths) for row in rows)


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        _number(figure.value),
        figure.unit,
        _number(figure.baseline),
        "" if figure.ratio is None else f"{figure.ratio:.2f}",
        "" if figure.goal is None else str(figure.goal),
        {True: "met", False: "MISSED", None: ""}[figure.met],
    )


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    left_aligned = (0, 2, 6)
    padded = [
        cell.ljust(width) if column in left_aligned else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
