"""Makes .venv and installs exactly what the lock file names."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.setup import debian
from scripts.setup.layout import BUILD, GENERATED, LOCK, ROOT, VENV, VENV_PYTHON
from scripts.setup.problem import SetupProblem
from scripts.setup.stamps import Stamp, digest

_STAMP = Stamp(BUILD / "setup" / "venv")
_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


def ensure() -> None:
    # The folder is part of the inputs: a virtual environment doesn't survive being moved.
    inputs = digest([LOCK], sys.version, str(ROOT))
    if VENV_PYTHON.exists() and _STAMP.is_current(inputs):
        return
    _STAMP.forget()
    _make()
    print("setup: installing the locked requirements into .venv", flush=True)
    _pip("install", "--require-hashes", "--requirement", str(LOCK))
    _put_generated_on_path()
    _STAMP.write(inputs)


def _make() -> None:
    if importlib.util.find_spec("ensurepip") is None:
        if not debian.can_install():
            raise SetupProblem(
                "This Python has no ensurepip. Install it (Debian: apt-get install python3-venv)."
            )
        debian.install(f"python{_VERSION}-venv")
    print("setup: making .venv", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(VENV)])


def _pip(*arguments: str) -> None:
    _run([str(VENV_PYTHON), "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input", *arguments])


def site_packages() -> Path:
    return VENV / "lib" / f"python{_VERSION}" / "site-packages"


def _run(command: list[str]) -> None:
    if subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode != 0:
        raise SetupProblem(f"This failed: {' '.join(command)}")


def _put_generated_on_path() -> None:
    (site_packages() / "praxispost_protos.pth").write_text(f"{GENERATED}\n")
