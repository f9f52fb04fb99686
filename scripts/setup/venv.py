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
    if _is_current():
        return
    _STAMP.forget()
    _make()
    print("setup: installing the locked requirements into .venv", flush=True)
    # The lock names everything, so nothing is left to resolve; what is imported is compiled then.
    _pip("install", "--no-deps", "--no-compile", "--require-hashes", "--requirement", str(LOCK))
    _put_generated_on_path()
    _STAMP.write(_inputs())


def missing() -> list[str]:
    """The packages of Debian's to install before; refuses where that can't be done."""
    if _is_current() or importlib.util.find_spec("ensurepip") is not None:
        return []
    if not debian.can_install():
        raise SetupProblem("This Python has no ensurepip. Install it (Debian: apt-get install python3-venv).")
    return [f"python{_VERSION}-venv"]


def _inputs() -> str:
    # The folder is part of them: a virtual environment doesn't survive being moved.
    return digest([LOCK], sys.version, str(ROOT))


def _is_current() -> bool:
    return VENV_PYTHON.exists() and _STAMP.is_current(_inputs())


def _make() -> None:
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
