"""Writes the chart's README from values.yaml, whose comments say what each value is for."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.setup.layout import ROOT

CHART: Final = ROOT / "deploy" / "helm" / "praxispost"
_SECTION: Final = "# @section "
_KEY: Final = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z][\w-]*):(?: (?P<value>.+))?$")
_HEAD: Final = """# praxispost

Secure messaging of medical practices to their patients, on Kubernetes 1.31 or newer. The chart brings no
database, no broker, no object store and no mail relay, and makes no secret and nothing random.
`ci/minimal-values.yaml` is the least that has to be said; `ci/production-values.yaml` and
`ci/closed-network-values.yaml` build on it.

```
helm install praxispost deploy/helm/praxispost --namespace praxispost --values my-values.yaml
helm test praxispost --namespace praxispost
```

`UPGRADE.md` says what to do before an upgrade. This page is made from `values.yaml` by `make chart`.
"""


@dataclass(frozen=True, slots=True)
class _Row:
    path: str
    default: str
    text: str


def readme(values: str) -> str:
    """The page for these values."""
    parts = [_HEAD]
    for line in _lines(values):
        if isinstance(line, str):
            parts.append(f"\n## {line}\n\n| value | default | what it is for |\n|---|---|---|\n")
        else:
            parts.append(f"| `{line.path}` | {line.default} | {line.text} |\n")
    return "".join(parts)


def _lines(values: str) -> Iterator[str | _Row]:
    """Sections and values in their order; a mapping that is written over several lines is no row itself."""
    above: list[str] = []
    comment: list[str] = []
    for line in values.splitlines():
        stripped = line.strip()
        if line.startswith(_SECTION):
            yield line.removeprefix(_SECTION)
            comment = []
        elif stripped.startswith("#"):
            comment.append(stripped.lstrip("# "))
        elif found := _KEY.match(line):
            above = [*above[: len(found["indent"]) // 2], found["key"]]
            if found["value"] or comment:
                yield _Row(".".join(above), _cell(found["value"] or ""), " ".join(comment))
            comment = []


def _cell(value: str) -> str:
    return f"`{value.replace('|', chr(92) + '|')}`" if value else ""


def main() -> int:
    """Write it."""
    (CHART / "README.md").write_text(readme((CHART / "values.yaml").read_text()))
    return 0


def is_current(folder: Path = CHART) -> bool:
    """Whether the README is what the values say."""
    return (folder / "README.md").read_text() == readme((folder / "values.yaml").read_text())


if __name__ == "__main__":
    sys.exit(main())
