"""What others ask of a chart: yamllint of its plain YAML, checkov of every rendered scenario.

checkov pins a hundred packages of its own, so it lives in a virtual environment of its own, made here.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import yaml

from scripts.setup.layout import BUILD, ROOT, VENV
from scripts.setup.stamps import Stamp, digest
from tests.chart.rendering import CHART, SCENARIOS, render, values_of

_HERE: Final = Path(__file__).parent
_LOCK: Final = ROOT / "requirements" / "chart.txt"
_CHECKOV: Final = BUILD / "chart" / "venv"
_RENDERED: Final = BUILD / "chart" / "rendered"
_PLAIN: Final = ("Chart.yaml", "values.yaml", "ci", "files")


def _ensure_checkov() -> None:
    stamp, inputs = Stamp(BUILD / "setup" / "checkov"), digest([_LOCK], sys.version, str(ROOT))
    if stamp.is_current(inputs) and _CHECKOV.exists():
        return
    stamp.forget()
    print("chart: installing checkov into build/chart/venv", flush=True)
    shutil.rmtree(_CHECKOV, ignore_errors=True)
    uv = VENV / "bin" / "uv"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, _CHECKOV], check=True)
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--native-tls", "--require-hashes", "--requirement", _LOCK],
        env={**os.environ, "VIRTUAL_ENV": str(_CHECKOV)},
        check=True,
    )
    stamp.write(inputs)


def _render_all() -> None:
    shutil.rmtree(_RENDERED, ignore_errors=True)
    _RENDERED.mkdir(parents=True)
    for scenario in SCENARIOS:
        manifests = render(values_of(scenario)).manifests
        (_RENDERED / f"{scenario}.yaml").write_text(yaml.safe_dump_all(manifests, sort_keys=False))


def main() -> int:
    """Say what is wrong; returns 0 where nothing is."""
    _ensure_checkov()
    _render_all()
    plain = [CHART / each for each in _PLAIN]
    linted = subprocess.run(
        [VENV / "bin" / "yamllint", "--strict", "--config-file", _HERE / "yamllint.yaml", *plain], check=False
    )
    checked = subprocess.run(
        [_CHECKOV / "bin" / "checkov", "--config-file", _HERE / "checkov.yaml", "--directory", _RENDERED],
        check=False,
    )
    print(f"chart: yamllint and checkov looked at {len(SCENARIOS)} scenarios", flush=True)
    return linted.returncode or checked.returncode


if __name__ == "__main__":
    sys.exit(main())
